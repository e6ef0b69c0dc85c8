//! What plugins show in an editor's status bar: how much time today has so far.

use serde::Serialize;
use stint_domain::ports::ping::CapturedTime;
use stint_domain::values::{DateStamp, Zone};
use utoipa::ToSchema;

/// Today, as plugins read it.
#[derive(Serialize, ToSchema)]
#[schema(as = Statusbar)]
pub(crate) struct StatusbarBody {
    data: Today,
}

/// Today's time. The lists are those of a protocol that knows more than this service does: they are empty.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusbarToday)]
struct Today {
    grand_total: GrandTotal,
    range: Range,
    categories: [String; 0],
    dependencies: [String; 0],
    editors: [String; 0],
    languages: [String; 0],
    machines: [String; 0],
    operating_systems: [String; 0],
    projects: [String; 0],
}

/// How much time, in the ways in which plugins ask for it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StatusbarTotal)]
struct GrandTotal {
    /// In hours, with two places.
    #[schema(example = "1.50")]
    decimal: String,
    /// In hours and minutes, as a clock shows them.
    #[schema(example = "1:30")]
    digital: String,
    /// Whole hours.
    hours: u64,
    /// Whole minutes beside those.
    minutes: u64,
    /// In words.
    #[schema(example = "1 hr 30 mins")]
    text: String,
    /// All of it.
    total_seconds: u64,
}

/// Which day that is.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusbarRange)]
struct Range {
    #[schema(format = "date")]
    date: String,
    text: &'static str,
    timezone: &'static str,
}

impl StatusbarBody {
    pub(super) fn of(today: DateStamp, time: CapturedTime, zone: Zone) -> Self {
        let data = Today {
            grand_total: GrandTotal::of(time.micros / 1_000_000),
            range: Range { date: today.to_string(), text: "Today", timezone: zone.as_str() },
            categories: [],
            dependencies: [],
            editors: [],
            languages: [],
            machines: [],
            operating_systems: [],
            projects: [],
        };
        Self { data }
    }
}

impl GrandTotal {
    fn of(total_seconds: u64) -> Self {
        let (hours, minutes, hundredths) = (total_seconds / 3600, total_seconds / 60 % 60, total_seconds % 3600 / 36);
        let counted = |number: u64, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
        let text = match (hours, minutes) {
            (0, 0) => counted(total_seconds, "sec"),
            (0, minutes) => counted(minutes, "min"),
            (hours, minutes) => format!("{} {}", counted(hours, "hr"), counted(minutes, "min")),
        };
        Self {
            decimal: format!("{hours}.{hundredths:02}"),
            digital: format!("{hours}:{minutes:02}"),
            hours,
            minutes,
            text,
            total_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_every_way() {
        let told = |seconds| {
            let GrandTotal { decimal, digital, text, .. } = GrandTotal::of(seconds);
            [decimal, digital, text]
        };
        assert_eq!(told(0), ["0.00", "0:00", "0 secs"]);
        assert_eq!(told(61), ["0.01", "0:01", "1 min"]);
        assert_eq!(told(3599), ["0.99", "0:59", "59 mins"]);
        assert_eq!(told(3600), ["1.00", "1:00", "1 hr 0 mins"]);
        assert_eq!(told(9060), ["2.51", "2:31", "2 hrs 31 mins"]);
    }
}
