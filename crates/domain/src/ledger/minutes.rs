//! The minutes of one entry.

use std::fmt;

use thiserror::Error;

/// Minutes worked: 1 to 1440. An entry is for one date, and a day has 1440 minutes. The limit catches seconds sent as
/// minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u16);

/// A number of minutes outside 1 to 1440.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number from {} to {}", Minutes::MIN, Minutes::MAX)]
pub struct MinutesError;

impl Minutes {
    /// The shortest entry.
    pub const MIN: u16 = 1;
    /// The longest entry: a whole day.
    pub const MAX: u16 = 1440;

    /// Fails outside 1 to 1440.
    pub fn new(minutes: i64) -> Result<Self, MinutesError> {
        match u16::try_from(minutes) {
            Ok(minutes @ Self::MIN..=Self::MAX) => Ok(Self(minutes)),
            _ => Err(MinutesError),
        }
    }

    /// Between [`Self::MIN`] and [`Self::MAX`].
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn exactly_1_to_1440_are_minutes(number in prop_oneof![any::<i64>(), -2i64..1500]) {
            prop_assert_eq!(Minutes::new(number).is_ok(), (1..=1440).contains(&number));
        }
    }
}
