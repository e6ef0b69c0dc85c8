//! Writes that may be sent twice and happen once.

use std::time::Duration;

use thiserror::Error;

use crate::values::TokenId;

/// A caller's name for one request: 1 to 255 printable ASCII characters, space included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Text that is no [`IdempotencyKey`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be 1 to {} printable ASCII characters", IdempotencyKey::MAX_CHARS)]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The most characters a key has.
    pub const MAX_CHARS: usize = 255;

    /// Takes 1 to 255 printable ASCII characters.
    pub fn new(text: &str) -> Result<Self, IdempotencyKeyError> {
        let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if printable && (1..=Self::MAX_CHARS).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a request was, as a SHA-256 over its method, path and body: a repeat has the same, another request has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Makes a write happen once per token and key.
///
/// The outcome of a write that succeeded is stored under `(token, key)` in the transaction of the write; a write that
/// was refused or that failed stores nothing. While it is stored, a repeat of the same operation with the same fingerprint
/// gets the stored outcome and changes nothing, and one with another fingerprint, or of another operation, is refused. Of
/// repeats that race, one is carried out and the others get its outcome.
///
/// A batch in [`BatchMode::PerItem`](crate::ledger::ports::time_entry::BatchMode::PerItem) succeeds, whatever it stored: one of
/// refusals alone keeps its key.
///
/// It is stored for at least 24 hours, by the `at` of the commands. After that it is known until
/// [`Housekeeping`](crate::background::ports::Housekeeping) forgets it: without housekeeping for ever, unless the implementation
/// forgets old keys by itself, which it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose key it is.
    pub token: TokenId,
    /// The key.
    pub key: IdempotencyKey,
    /// What the key was used for.
    pub fingerprint: Fingerprint,
}

impl Idempotency {
    /// For how long callers may count on it.
    pub const PROMISED: Duration = Duration::from_hours(24);
    /// After which the SQL backends forget a key by themselves: later than promised, because clocks differ.
    pub const KEPT: Duration = Duration::from_hours(48);
    /// The same in microseconds.
    pub const KEPT_MICROS: i64 = 48 * 3_600 * 1_000_000;
}

const _: () = assert!(Idempotency::KEPT.as_micros() == Idempotency::KEPT_MICROS.unsigned_abs() as u128);

/// What a write did, and whether that was done now or by an earlier request with the same key. A repeat by its id alone is
/// answered as if it were done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied<T> {
    /// The outcome, the same for every repeat.
    pub outcome: T,
    /// Whether this is the stored outcome of an earlier request with the same key.
    pub replayed: bool,
}

impl<T> Applied<T> {
    /// An outcome of this very write.
    pub const fn now(outcome: T) -> Self {
        Self { outcome, replayed: false }
    }

    /// The stored outcome of an earlier write.
    pub const fn earlier(outcome: T) -> Self {
        Self { outcome, replayed: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_printable_and_bounded() {
        assert!(IdempotencyKey::new("8e03978e-40d5-43dd-bc93-6894a57f9324").is_ok());
        assert!(IdempotencyKey::new(&"k".repeat(255)).is_ok());
        for bad in [String::new(), "k".repeat(256), "tab\t".to_owned(), "nul\0".to_owned(), "é".to_owned()] {
            assert_eq!(IdempotencyKey::new(&bad), Err(IdempotencyKeyError), "{bad:?}");
        }
    }
}
