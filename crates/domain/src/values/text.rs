//! The one rule for text: a length in characters, and no control characters but those that are allowed.

use thiserror::Error;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters (Unicode scalar values) than allowed.
    #[error("must have at most {max} characters, has {actual}")]
    TooLong {
        /// The most that is allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// A control character, such as NUL.
    #[error("must not contain the control character U+{:04X}", *.character as u32)]
    Control {
        /// The first one found.
        character: char,
    },
}

/// Checks `text` against `max` characters; `allowed` names control characters that may occur.
pub(super) fn check(text: &str, max: usize, allowed: &[char]) -> Result<(), TextError> {
    // Most texts are short and plain, and every row that is read passes here.
    if text.len() <= max && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    if let Some(character) = text.chars().find(|c| c.is_control() && !allowed.contains(c)) {
        return Err(TextError::Control { character });
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(TextError::TooLong { max, actual });
    }
    Ok(())
}

/// Trims `text` and checks that something of at most `max` characters, none of them a control character, is left.
pub(super) fn line(text: &str, max: usize) -> Result<&str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    check(text, max, &[])?;
    Ok(text)
}
