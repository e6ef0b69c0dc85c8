//! The name that a sender gives a ping.

use crate::values::text;
use crate::values::text::TextError;

/// The name that a sender gives a ping, so that repeats are recognised: 1 to 255 characters, no control characters.
/// It is a key and not text: names whose bytes differ are different names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PingName(String);

impl PingName {
    /// The longest name, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 255;

    /// Fails when `text` breaks the rule above.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        text::check(text, Self::MAX_CHARS, &[])?;
        Ok(Self(text.to_owned()))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_name_is_taken_as_it_is() {
        assert_eq!(PingName::new(" ü ").unwrap().as_str(), " ü ");
        assert_ne!(PingName::new("u\u{308}"), PingName::new("ü"));
        assert!(PingName::new(&"ü".repeat(255)).is_ok());
        assert_eq!(PingName::new(&"n".repeat(256)), Err(TextError::TooLong { max: 255, actual: 256 }));
        assert_eq!(PingName::new(""), Err(TextError::Empty));
        assert_eq!(PingName::new("a\0"), Err(TextError::Control { character: '\0' }));
    }
}
