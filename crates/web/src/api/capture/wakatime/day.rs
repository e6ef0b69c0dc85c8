//! One day's time as plugins read it: in an editor's status bar, and as one of several days.

use std::collections::BTreeMap;

use serde::Serialize;
use stint_domain::capture::ports::ping::CapturedTime;
use stint_domain::values::{DateStamp, Zone};
use utoipa::ToSchema;

use super::heartbeat::NO_PROJECT;
use super::spoken::Spoken;

/// Today, as plugins read it.
#[derive(Serialize, ToSchema)]
#[schema(as = Statusbar)]
pub(crate) struct StatusbarBody {
    pub(super) data: Day,
}

/// The time of a day. The lists that are always empty belong to parts of the protocol that this service does not have.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeDay)]
pub(crate) struct Day {
    pub(super) grand_total: Spoken,
    range: Range,
    projects: Vec<Project>,
    categories: [String; 0],
    dependencies: [String; 0],
    editors: [String; 0],
    languages: [String; 0],
    machines: [String; 0],
    operating_systems: [String; 0],
}

/// A project's share of the day: the time of its job.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeProject)]
struct Project {
    name: String,
    /// Of the time of the day.
    percent: f64,
    decimal: String,
    digital: String,
    hours: u64,
    minutes: u64,
    text: String,
    total_seconds: u64,
}

/// Which day it is.
#[derive(Serialize, ToSchema)]
#[schema(as = WakaTimeRange)]
struct Range {
    #[schema(format = "date")]
    date: String,
    /// Its first moment in the token's time zone.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    start: String,
    /// Its last second.
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    end: String,
    /// `Today`, `Yesterday` or the date.
    text: String,
    timezone: &'static str,
}

impl Day {
    /// The day `date`, to which all of `times` belong, as seen from `today`.
    pub(super) fn of(date: DateStamp, today: DateStamp, zone: Zone, times: &[CapturedTime]) -> Self {
        let mut projects = BTreeMap::<&str, u64>::new();
        for time in times {
            *projects.entry(time.name.as_ref().map_or(NO_PROJECT, |name| name.as_str())).or_default() += time.micros;
        }
        let all = projects.values().sum();
        let mut projects: Vec<_> = projects.into_iter().map(|(name, micros)| Project::of(name, micros, all)).collect();
        // Plugins show the first ones.
        projects.sort_by_key(|project| std::cmp::Reverse(project.total_seconds));
        Self {
            grand_total: Spoken::of_micros(all),
            range: Range::of(date, today, zone),
            projects,
            categories: [],
            dependencies: [],
            editors: [],
            languages: [],
            machines: [],
            operating_systems: [],
        }
    }
}

impl Project {
    fn of(name: &str, micros: u64, all: u64) -> Self {
        let Spoken { decimal, digital, hours, minutes, text, total_seconds } = Spoken::of_micros(micros);
        // In hundredths of a per cent. The microseconds of a day are far too few to overflow.
        let hundredths = (micros * 10_000).checked_div(all).unwrap_or_default();
        let percent = f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0;
        Self { name: name.to_owned(), percent, decimal, digital, hours, minutes, text, total_seconds }
    }
}

impl Range {
    fn of(date: DateStamp, today: DateStamp, zone: Zone) -> Self {
        let (start, end) = zone.bounds_of(date);
        let text = match today.days_since(date) {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ => date.to_string(),
        };
        Self { date: date.to_string(), start: start.to_string(), end: end.to_string(), text, timezone: zone.as_str() }
    }
}
