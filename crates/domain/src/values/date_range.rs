//! The dates that a listing covers.

use thiserror::Error;

use super::DateStamp;

/// A range of dates, both ends included; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DateRange {
    from: Option<DateStamp>,
    to: Option<DateStamp>,
}

/// The range's start is after its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must not be after {to}, the end of the range")]
pub struct DateRangeError {
    /// The range's end.
    pub to: DateStamp,
}

impl DateRange {
    /// Fails when `from` is after `to`.
    pub fn new(from: Option<DateStamp>, to: Option<DateStamp>) -> Result<Self, DateRangeError> {
        match (from, to) {
            (Some(from), Some(to)) if from > to => Err(DateRangeError { to }),
            _ => Ok(Self { from, to }),
        }
    }

    /// The first date; `None` when the start is open.
    pub const fn from(&self) -> Option<DateStamp> {
        self.from
    }

    /// The last date; `None` when the end is open.
    pub const fn to(&self) -> Option<DateStamp> {
        self.to
    }

    /// Whether `date` is covered.
    pub fn contains(&self, date: DateStamp) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_covered_and_must_be_in_order() {
        let day = |text: &str| text.parse::<DateStamp>().unwrap();
        let range = DateRange::new(Some(day("2026-01-02")), Some(day("2026-01-03"))).unwrap();
        assert!(range.contains(day("2026-01-02")) && range.contains(day("2026-01-03")));
        assert!(!range.contains(day("2026-01-01")) && !range.contains(day("2026-01-04")));
        let backwards = DateRange::new(Some(day("2026-01-03")), Some(day("2026-01-02")));
        assert_eq!(backwards, Err(DateRangeError { to: day("2026-01-02") }));
    }
}
