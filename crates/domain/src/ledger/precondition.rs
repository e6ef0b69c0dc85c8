//! Preconditions of a write: `If-Match` and `If-None-Match`, without HTTP.

use thiserror::Error;

use crate::values::Version;

/// What must be true of the current state for a write to happen. It is checked in the transaction of the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// No condition.
    #[default]
    None,
    /// The job or entry must exist.
    Exists,
    /// The job or entry must not exist.
    Absent,
    /// Its version must be one of these. An empty list never matches.
    Version(Vec<Version>),
}

impl Precondition {
    /// Checks the version of what exists; `None` when nothing does.
    pub fn check(&self, current: Option<Version>) -> Result<(), PreconditionFailed> {
        let holds = match (self, current) {
            (Self::None, _) | (Self::Exists, Some(_)) | (Self::Absent, None) => true,
            (Self::Version(versions), Some(current)) => versions.contains(&current),
            (Self::Exists | Self::Version(_), None) | (Self::Absent, Some(_)) => false,
        };
        if holds { Ok(()) } else { Err(PreconditionFailed { current }) }
    }
}

/// The current state is not what the caller expected. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the precondition does not hold")]
pub struct PreconditionFailed {
    /// The current version; `None` when nothing exists.
    pub current: Option<Version>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_precondition_holds_for_its_states_alone() {
        let (one, two) = (Version::new(1).unwrap(), Version::new(2).unwrap());
        let holds = |condition: &Precondition| [None, Some(one), Some(two)].map(|now| condition.check(now).is_ok());
        assert_eq!(holds(&Precondition::None), [true, true, true]);
        assert_eq!(holds(&Precondition::Exists), [false, true, true]);
        assert_eq!(holds(&Precondition::Absent), [true, false, false]);
        assert_eq!(holds(&Precondition::Version(vec![two])), [false, false, true]);
        assert_eq!(holds(&Precondition::Version(vec![])), [false, false, false]);
    }
}
