//! What must hold for a write to happen: `If-Match` and `If-None-Match`, without the HTTP.

use thiserror::Error;

use crate::values::Version;

/// What must be true of the present state for a write to happen. It is checked in the transaction of the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Anything.
    #[default]
    None,
    /// Something must be there.
    Exists,
    /// Nothing may be there.
    Absent,
    /// What is there must have one of these versions. An empty list never holds.
    Version(Vec<Version>),
}

impl Precondition {
    /// Checks the present state: the version of what is there, or none.
    pub fn check(&self, current: Option<Version>) -> Result<(), PreconditionFailed> {
        let holds = match (self, current) {
            (Self::None, _) | (Self::Exists, Some(_)) | (Self::Absent, None) => true,
            (Self::Version(versions), Some(current)) => versions.contains(&current),
            (Self::Exists | Self::Version(_), None) | (Self::Absent, Some(_)) => false,
        };
        if holds { Ok(()) } else { Err(PreconditionFailed { current }) }
    }
}

/// The present state is not what the caller expected; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the precondition does not hold")]
pub struct PreconditionFailed {
    /// The version of what is there, if anything is.
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
