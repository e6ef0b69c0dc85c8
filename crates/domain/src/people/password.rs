//! Passwords, and what is stored of them.

use std::fmt;

use thiserror::Error;

use crate::values::text;

/// A password: NFC, 10 to 256 characters of any kind. Spaces count, and nothing is cut off (NIST SP 800-63B, section
/// 3.1.1.2). `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is no password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("must have at least {min} characters", min = Password::MIN_CHARS)]
    TooShort,
    /// It is too long.
    #[error("must have at most {max} characters", max = Password::MAX_CHARS)]
    TooLong,
}

impl Password {
    /// The least length, in characters (Unicode scalar values).
    pub const MIN_CHARS: usize = 10;
    /// The greatest length, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 256;

    /// Composes `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let password = Self::attempted(text)?;
        if password.0.chars().count() < Self::MIN_CHARS { Err(PasswordError::TooShort) } else { Ok(password) }
    }

    /// Reads a password that somebody signs in with. It may be shorter than a new one may be.
    pub fn attempted(text: &str) -> Result<Self, PasswordError> {
        let composed = text::composed(text);
        if composed.chars().count() > Self::MAX_CHARS {
            Err(PasswordError::TooLong)
        } else {
            Ok(Self(composed.into_owned()))
        }
    }

    /// The password in clear text, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash with its salt and parameters, in the PHC string format. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a text in the PHC string format. Only the adapter that made it reads it.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The text, to be stored or compared.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_bounded_in_characters_and_shows_itself_to_nobody() {
        assert_eq!(Password::new(&"ä".repeat(9)), Err(PasswordError::TooShort));
        assert_eq!(Password::new(&"ä".repeat(257)), Err(PasswordError::TooLong));
        assert_eq!(
            Password::new(&"a\u{308}".repeat(256)).unwrap().expose(),
            "ä".repeat(256),
            "it counts after composing"
        );
        assert_eq!(Password::new("  spaces   ").unwrap().expose(), "  spaces   ");
        let shown =
            format!("{:?} {:?}", Password::attempted("hunter2").unwrap(), PasswordHash::new("$argon2id$".to_owned()));
        assert!(!shown.contains("hunter2") && !shown.contains("argon2id"), "{shown}");
    }
}
