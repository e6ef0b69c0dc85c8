//! Sizes as people write them.

use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// Bytes: a whole number, alone or with `KiB` or `MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ByteSize(pub(crate) usize);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number of bytes, `KiB` or `MiB`, such as `512KiB`")]
pub(crate) struct ByteSizeError;

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let (number, unit) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
            (Some(number), _) => (number, 1 << 10),
            (_, Some(number)) => (number, 1 << 20),
            _ => (text, 1),
        };
        // `parse` would also accept a sign.
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ByteSizeError);
        }
        let number: usize = number.parse().ok().ok_or(ByteSizeError)?;
        number.checked_mul(unit).map(Self).ok_or(ByteSizeError)
    }
}

impl TryFrom<String> for ByteSize {
    type Error = ByteSizeError;

    fn try_from(text: String) -> Result<Self, ByteSizeError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_bytes_or_has_a_unit() {
        let bytes = |text: &str| text.parse::<ByteSize>().map(|size| size.0);
        assert_eq!(bytes("1048576"), Ok(1 << 20));
        assert_eq!(bytes("512KiB"), Ok(512 << 10));
        assert_eq!(bytes("16MiB"), Ok(16 << 20));
        for bad in ["", "MiB", "1MB", "-1", "+1", "1.5MiB", "99999999999999999MiB"] {
            assert_eq!(bytes(bad), Err(ByteSizeError), "{bad}");
        }
    }
}
