//! Subjects: the people and programs that log time.

use std::fmt;

use super::text::{self, TextError};

/// The person or program that a token speaks for: NFC, trimmed, 1 to 120 characters, at least one of them visible, no
/// control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// The longest subject, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 120;

    /// Composes and trims `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, TextError> {
        text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// Reads a stored subject. It may break today's rule, because an earlier release may have stored it.
    pub fn stored(text: &str) -> Result<Self, TextError> {
        text::stored_line(text, Self::MAX_CHARS).map(|subject| Self(subject.to_owned()))
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
