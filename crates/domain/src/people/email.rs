//! E-mail addresses: kept for people to read. Nothing is ever sent to them.

use std::fmt;

use thiserror::Error;

/// An e-mail address: trimmed, at most 254 characters, one `@` with something on each side, no spaces, no control
/// characters. Whether somebody receives mail there is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is no [`Email`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must have one `@` with something on each side, no spaces, and at most {} characters", Email::MAX_CHARS)]
pub struct EmailError;

impl Email {
    /// The greatest length, in characters (RFC 5321, section 4.5.3.1.3, without the angle brackets).
    pub const MAX_CHARS: usize = 254;

    /// Trims `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let fits =
            text.chars().count() <= Self::MAX_CHARS && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        match text.split_once('@') {
            Some((local, domain)) if fits && !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(EmailError),
        }
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_with_something_on_each_side() {
        assert_eq!(Email::new(" ada@example.org ").unwrap().as_str(), "ada@example.org");
        assert!(Email::new("büro@bücher.example").is_ok());
        for bad in
            ["", "ada", "@example.org", "ada@", "a@b@c", "a da@b", "ada@b\n.c", &format!("{}@b", "a".repeat(253))]
        {
            assert_eq!(Email::new(bad), Err(EmailError), "{bad:?}");
        }
        assert!(Email::new(&format!("{}@b", "a".repeat(252))).is_ok());
    }
}
