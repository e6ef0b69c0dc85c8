//! The time of several days: plugins show today's, and people's scripts read that of a week.

use serde::Serialize;
use stint_domain::capture::ports::ping::CapturedTime;
use stint_domain::values::{DateStamp, Zone};
use utoipa::ToSchema;

use super::day::Day;
use super::spoken::Spoken;
use crate::excerpt::Excerpt;
use crate::percent;
use crate::problem::{Code, Problem};

const MOST_DAYS: i64 = 366;

/// The first and the last day.
pub(super) type Days = (DateStamp, DateStamp);

/// The time of several days.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeSummaries)]
pub(crate) struct SummariesBody {
    /// One for each day, in order, including days without time.
    data: Vec<Day>,
    cumulative_total: Cumulative,
    daily_average: Average,
    /// The first moment of the first day in the token's time zone.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    start: String,
    /// The last second of the last day.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    end: String,
}

/// The time of all days together.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeCumulativeTotal)]
struct Cumulative {
    seconds: u64,
    text: String,
    decimal: String,
    digital: String,
}

/// The average of the days that have any time.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeDailyAverage)]
struct Average {
    seconds: u64,
    text: String,
    seconds_including_other_language: u64,
    text_including_other_language: String,
    /// Days without time.
    holidays: u64,
    days_including_holidays: u64,
    days_minus_holidays: u64,
}

impl SummariesBody {
    pub(super) fn of((first, last): Days, today: DateStamp, zone: Zone, times: &[CapturedTime]) -> Self {
        // Times are ordered by day.
        let mut rest = times;
        let days = first.through(last).map(|date| {
            let (its, later) = rest.split_at(rest.partition_point(|time| time.day <= date));
            rest = later;
            Day::of(date, today, zone, its)
        });
        let data: Vec<_> = days.collect();
        let seconds = data.iter().map(|day| day.grand_total.total_seconds).sum();
        let all = data.len() as u64;
        let worked = data.iter().filter(|day| day.grand_total.total_seconds > 0).count() as u64;
        let Spoken { decimal, digital, text, .. } = Spoken::of(seconds);
        let average = Spoken::of(seconds.checked_div(worked).unwrap_or_default());
        Self {
            data,
            cumulative_total: Cumulative { seconds, text, decimal, digital },
            daily_average: Average {
                seconds: average.total_seconds,
                text: average.text.clone(),
                seconds_including_other_language: average.total_seconds,
                text_including_other_language: average.text,
                holidays: all - worked,
                days_including_holidays: all,
                days_minus_holidays: worked,
            },
            start: zone.bounds_of(first).0.to_string(),
            end: zone.bounds_of(last).1.to_string(),
        }
    }
}

/// Reads the days: from `start` to `end`, or a `range`. Other parameters are ignored.
pub(super) fn days(query: &str, today: DateStamp) -> Result<Days, Problem> {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let raw = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()?;
        percent::decode(raw).ok().filter(|value| !value.is_empty())
    };
    let date = |name: &str, text: &str| {
        let refused = |()| Problem::new(Code::ValidationFailed, format!("{name}: no date, got {}", Excerpt(text)));
        date(text, today).ok_or(()).map_err(refused)
    };
    let (first, last) = match (value("start"), value("end"), value("range")) {
        (None, None, Some(range)) => return named(&range, today),
        (None, None, None) => (today, today),
        (start, end, _) => {
            let end = end.map_or(Ok(today), |end| date("end", &end))?;
            (start.map_or(Ok(end), |start| date("start", &start))?, end)
        }
    };
    match last.days_since(first) {
        0..MOST_DAYS => Ok((first, last)),
        ..0 => Err(Problem::new(Code::ValidationFailed, format!("start: {first} is after {last}"))),
        _ => Err(Problem::new(Code::ValidationFailed, format!("start: more than {MOST_DAYS} days before {last}"))),
    }
}

/// A date, the date of a moment, or the name of a day.
fn date(text: &str, today: DateStamp) -> Option<DateStamp> {
    match text.to_ascii_lowercase().as_str() {
        "today" => Some(today),
        "yesterday" => Some(today.minus_days(1)),
        _ => text.get(..10)?.parse().ok().filter(|_| text.len() == 10 || text.as_bytes()[10] == b'T'),
    }
}

/// The days of a range such as `Last 7 Days` or `last_7_days`.
fn named(range: &str, today: DateStamp) -> Result<Days, Problem> {
    let name = range.to_ascii_lowercase().replace([' ', '+'], "_");
    if let Some(day) = date(&name, today) {
        return Ok((day, day));
    }
    let days = match name.as_str() {
        "last_7_days" => 7,
        "last_14_days" => 14,
        "last_30_days" => 30,
        _ => {
            let known = "`today`, `yesterday`, `last_7_days`, `last_14_days`, `last_30_days` or a date";
            let detail = format!("range: must be {known}, got {}", Excerpt(range));
            return Err(Problem::new(Code::ValidationFailed, detail));
        }
    };
    Ok((today.minus_days(days - 1), today))
}
