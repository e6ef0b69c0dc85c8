//! Strict percent-encoding: malformed text is refused and not passed through.

use std::borrow::Cow;
use std::fmt::Write as _;

use thiserror::Error;

/// Why text cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum PercentError {
    /// A `%` without two hexadecimal digits after it.
    #[error("has a `%` that two hexadecimal digits do not follow")]
    Malformed,
    /// The decoded bytes are not UTF-8.
    #[error("must be UTF-8")]
    NotUtf8,
}

/// Decodes a name or value of a query, where `+` is a space.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, PercentError> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(PercentError::Malformed),
            },
            plain => plain,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).or(Err(PercentError::NotUtf8))
}

/// Appends `text`, with all but unreserved characters (RFC 3986) encoded.
pub(crate) fn encode_into(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_malformed_is_refused() {
        for bad in ["%", "%4", "%zz", "a%+4"] {
            assert_eq!(decode(bad), Err(PercentError::Malformed), "{bad}");
        }
        assert_eq!(decode("%ff"), Err(PercentError::NotUtf8));
        assert_eq!(decode("a+b%20%C3%A4").as_deref(), Ok("a b ä"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_itself(text in ".*") {
            let mut encoded = String::new();
            encode_into(&text, &mut encoded);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }
    }
}
