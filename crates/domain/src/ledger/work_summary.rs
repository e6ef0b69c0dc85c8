//! The description of the work in an entry.

use crate::values::text;
use crate::values::text::TextError;

/// A description of the work: NFC, 0 to 4000 characters, otherwise kept as given. Newlines and tabs are allowed,
/// other control characters are not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct WorkSummary(String);

impl WorkSummary {
    /// The longest summary, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 4000;

    /// Composes `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, TextError> {
        Self::stored(&text::composed(text))
    }

    /// Reads a stored summary. It need not be composed, because an earlier release may have stored it.
    pub fn stored(text: &str) -> Result<Self, TextError> {
        text::check(text, Self::MAX_CHARS, &['\n', '\r', '\t'])?;
        Ok(Self(text.to_owned()))
    }

    /// The summary as text.
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
