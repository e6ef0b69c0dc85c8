//! What was done in an entry's time.

use crate::values::text;
use crate::values::text::TextError;

/// What was done: NFC, 0 to 4000 characters, otherwise kept as given. Newlines and tabs may occur, other control
/// characters not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct WorkSummary(String);

impl WorkSummary {
    /// The most characters (Unicode scalar values) a summary has.
    pub const MAX_CHARS: usize = 4000;

    /// Composes `text`, and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        Self::stored(&text::composed(text))
    }

    /// A summary that is stored already, perhaps before it had to be composed.
    pub fn stored(text: &str) -> Result<Self, TextError> {
        text::check(text, Self::MAX_CHARS, &['\n', '\r', '\t'])?;
        Ok(Self(text.to_owned()))
    }

    /// The summary.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tabs_may_occur_other_controls_not() {
        assert_eq!(WorkSummary::new(" a\r\n\tb ").unwrap().as_str(), " a\r\n\tb ");
        assert_eq!(WorkSummary::new("a\u{1b}"), Err(TextError::Control { character: '\u{1b}' }));
        assert_eq!(WorkSummary::new("cafe\u{301}"), WorkSummary::new("café"));
        assert_ne!(WorkSummary::stored("cafe\u{301}"), WorkSummary::new("café"));
        assert!(WorkSummary::new(&"e\u{301}".repeat(4000)).is_ok());
        assert!(WorkSummary::new("").is_ok());
        assert!(WorkSummary::new(&"é".repeat(4000)).is_ok());
        assert_eq!(WorkSummary::new(&"é".repeat(4001)), Err(TextError::TooLong { max: 4000, actual: 4001 }));
    }
}
