//! The total of a job.

use std::fmt;

use thiserror::Error;

use super::Minutes;

/// The sum of the minutes of a job's entries: 0 to 2^53 − 1, the integers that every JSON reader keeps exact (RFC
/// 8259, section 6). Arithmetic is checked: a total never wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TotalMinutes(u64);

/// A total outside 0 to 2^53 − 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be from 0 to {}", TotalMinutes::MAX)]
pub struct TotalMinutesError;

impl TotalMinutes {
    /// The largest total: 2^53 − 1.
    pub const MAX: u64 = (1 << 53) - 1;
    /// The total of a job without entries.
    pub const ZERO: Self = Self(0);

    /// Fails outside 0 to [`Self::MAX`].
    pub fn new(minutes: i64) -> Result<Self, TotalMinutesError> {
        u64::try_from(minutes).ok().and_then(Self::in_range).ok_or(TotalMinutesError)
    }

    /// Between 0 and [`Self::MAX`].
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The total after an entry is added.
    pub fn plus(self, minutes: Minutes) -> Result<Self, TotalMinutesError> {
        Self::in_range(self.0 + u64::from(minutes.get())).ok_or(TotalMinutesError)
    }

    /// The total after an entry is removed.
    pub fn minus(self, minutes: Minutes) -> Result<Self, TotalMinutesError> {
        self.0.checked_sub(u64::from(minutes.get())).map(Self).ok_or(TotalMinutesError)
    }

    fn in_range(minutes: u64) -> Option<Self> {
        (minutes <= Self::MAX).then_some(Self(minutes))
    }
}

impl fmt::Display for TotalMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_total_never_wraps() {
        let one = Minutes::new(1).unwrap();
        let max = TotalMinutes::new(i64::try_from(TotalMinutes::MAX).unwrap()).unwrap();
        assert_eq!(max.plus(one), Err(TotalMinutesError));
        assert_eq!(TotalMinutes::ZERO.minus(one), Err(TotalMinutesError));
        assert_eq!(TotalMinutes::new(-1), Err(TotalMinutesError));
    }

    proptest! {
        #[test]
        fn a_total_is_the_sum_and_comes_back_to_zero(entries in prop::collection::vec(1i64..=1440, 0..50)) {
            let minutes: Vec<_> = entries.iter().map(|&m| Minutes::new(m).unwrap()).collect();
            let total = minutes.iter().try_fold(TotalMinutes::ZERO, |total, &m| total.plus(m)).unwrap();
            prop_assert_eq!(i64::try_from(total.get()).unwrap(), entries.iter().sum::<i64>());
            let back = minutes.iter().try_fold(total, |total, &m| total.minus(m)).unwrap();
            prop_assert_eq!(back, TotalMinutes::ZERO);
        }
    }
}
