//! Moments as clients write them: RFC 3339, or seconds since 1970 with or without a fraction.

use chrono::DateTime;
use stint_domain::values::Timestamp;
use thiserror::Error;

use crate::excerpt::Excerpt;
use crate::json::Json;

/// The text is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a moment such as 2026-01-02T09:00:00Z or, in seconds since 1970, 1767344400")]
pub(crate) struct MomentFormError;

/// Reads both forms from text.
pub(crate) fn from_text(text: &str) -> Result<Timestamp, MomentFormError> {
    match text.as_bytes() {
        // No sign, no exponent, and no word such as `inf`.
        [b'0'..=b'9', ..] if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            text.parse().ok().and_then(from_seconds).ok_or(MomentFormError)
        }
        _ => from_rfc3339(text).ok_or(MomentFormError),
    }
}

/// Reads both forms from JSON.
pub(crate) fn from_json(json: &Json<'_>) -> Result<Timestamp, String> {
    match json {
        Json::Number(number) => {
            number.as_f64().and_then(from_seconds).ok_or_else(|| format!("{MomentFormError}, got {number}"))
        }
        Json::String(text) => from_text(text).map_err(|error| format!("{error}, got {}", Excerpt(text))),
        other => Err(format!("{MomentFormError}, got {other}")),
    }
}

/// Reads RFC 3339 only.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    // In a query, a `+` that was not encoded is read as a space.
    let repaired = match text.len().checked_sub(6) {
        Some(place) if text.as_bytes()[place] == b' ' => Some(text.replace(' ', "+")),
        _ => None,
    };
    let moment = DateTime::parse_from_rfc3339(repaired.as_deref().unwrap_or(text)).ok()?;
    Timestamp::from_datetime(moment.to_utc()).ok()
}

fn from_seconds(seconds: f64) -> Option<Timestamp> {
    // Moments end with the year 9999. Up to then a double is exact to about a microsecond.
    if !(0.0..1e12).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is less than 1e18")]
    let micros = (seconds * 1e6).round() as i64;
    Timestamp::from_micros(micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_to_the_microsecond() {
        for text in [
            "2023-11-14T22:13:20.123456Z",
            "2023-11-14T23:13:20.123456+01:00",
            "2023-11-14T23:13:20.123456 01:00",
            "1700000000.123456",
            "1700000000.1234561",
        ] {
            assert_eq!(from_text(text).unwrap().as_micros(), 1_700_000_000_123_456, "{text}");
        }
        assert_eq!(from_text("0").unwrap().as_micros(), 0);
        assert_eq!(from_text("1700000000.").unwrap().as_micros(), 1_700_000_000_000_000);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "now", "-5", "1e9", "nan", "inf", "1.2.3", "2026-01-02", "999999999999", "1700000000000000"] {
            assert_eq!(from_text(text), Err(MomentFormError), "{text}");
        }
        let json = |text: &str| from_json(&Json::parse(text.as_bytes()).unwrap());
        assert_eq!(json("1700000000.5").unwrap(), json("\"1700000000.5\"").unwrap());
        for text in ["null", "true", "[]", "-1", "1e300", "\"soon\""] {
            assert!(json(text).unwrap_err().starts_with("must be a moment"), "{text}");
        }
    }
}
