//! An amount of time, in each form that plugins read.

use serde::Serialize;
use utoipa::ToSchema;

/// An amount of time.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WakaTimeTotal)]
pub(crate) struct Spoken {
    /// In hours, with two places.
    #[schema(example = "1.50")]
    pub(super) decimal: String,
    /// In hours and minutes, as a clock shows them.
    #[schema(example = "1:30")]
    pub(super) digital: String,
    /// Whole hours.
    pub(super) hours: u64,
    /// The minutes beside the hours.
    pub(super) minutes: u64,
    /// In words.
    #[schema(example = "1 hr 30 mins")]
    pub(super) text: String,
    /// The whole amount.
    pub(super) total_seconds: u64,
}

impl Spoken {
    pub(super) fn of_micros(micros: u64) -> Self {
        Self::of(micros / 1_000_000)
    }

    pub(super) fn of(total_seconds: u64) -> Self {
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
            let Spoken { decimal, digital, text, .. } = Spoken::of(seconds);
            [decimal, digital, text]
        };
        assert_eq!(told(0), ["0.00", "0:00", "0 secs"]);
        assert_eq!(told(61), ["0.01", "0:01", "1 min"]);
        assert_eq!(told(3599), ["0.99", "0:59", "59 mins"]);
        assert_eq!(told(3600), ["1.00", "1:00", "1 hr 0 mins"]);
        assert_eq!(told(9060), ["2.51", "2:31", "2 hrs 31 mins"]);
    }
}
