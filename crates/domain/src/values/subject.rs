//! Who time was logged by.

use std::fmt;

use super::text::{self, TextError};

/// The person or program a token speaks for: NFC, trimmed, 1 to 120 characters, one of them
/// visible, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// The most characters (Unicode scalar values) a subject has.
    pub const MAX_CHARS: usize = 120;

    /// Composes and trims `text`, and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// A subject that is stored already: it was taken by a rule that may have been another.
    pub fn stored(text: &str) -> Result<Self, TextError> {
        text::stored_line(text, Self::MAX_CHARS).map(|subject| Self(subject.to_owned()))
    }

    /// The subject.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
