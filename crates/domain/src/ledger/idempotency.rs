//! Idempotency keys: a write that is sent twice happens once.

use std::time::Duration;

use thiserror::Error;

use crate::values::TokenId;

/// A caller's name for one request: 1 to 255 printable ASCII characters, spaces included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is no [`IdempotencyKey`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be 1 to {} printable ASCII characters", IdempotencyKey::MAX_CHARS)]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The longest key.
    pub const MAX_CHARS: usize = 255;

    /// Fails when `text` breaks the rule above.
    pub fn new(text: &str) -> Result<Self, IdempotencyKeyError> {
        let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if printable && (1..=Self::MAX_CHARS).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of a request's method, path and body. A repeat has the same fingerprint, another request has a
/// different one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Makes a write happen once per token and key.
///
/// When a write succeeds, its outcome is stored under `(token, key)` in the transaction of the write. When it is
/// refused or fails, nothing is stored. While an outcome is stored, a repeat of the same operation with the same
/// fingerprint gets that outcome and changes nothing; a request with another fingerprint, or for another operation,
/// is refused. Of racing repeats, one is carried out and the others get its outcome.
///
/// A batch in [`BatchMode::PerItem`](crate::ledger::ports::time_entry::BatchMode::PerItem) always succeeds: its
/// outcome is stored even when every entry was refused.
///
/// An outcome is stored for at least 24 hours, by the `at` of the commands. After that it stays until
/// [`Housekeeping`](crate::background::ports::Housekeeping) deletes it. Without housekeeping it stays for ever,
/// unless the implementation deletes old keys by itself, which it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The token that sent the key; keys of other tokens are different keys.
    pub token: TokenId,
    /// Chosen by the caller.
    pub key: IdempotencyKey,
    /// Tells a repeat from another request with the same key.
    pub fingerprint: Fingerprint,
}

impl Idempotency {
    /// For how long callers may count on a stored outcome.
    pub const PROMISED: Duration = Duration::from_hours(24);
    /// The age at which the SQL backends delete a key by themselves: more than the promise, because clocks differ.
    pub const KEPT: Duration = Duration::from_micros(Self::KEPT_MICROS.unsigned_abs());
    /// [`Self::KEPT`] in microseconds: 48 hours.
    pub const KEPT_MICROS: i64 = 48 * 3_600 * 1_000_000;
}

/// The outcome of a write, and whether this call carried it out or an earlier request with the same key did. A repeat
/// by its id alone is answered as if this call had carried it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied<T> {
    /// The same for every repeat.
    pub outcome: T,
    /// Whether an earlier request with the same key had this outcome, and this call changed nothing.
    pub replayed: bool,
}

impl<T> Applied<T> {
    /// The outcome of this call.
    pub const fn now(outcome: T) -> Self {
        Self { outcome, replayed: false }
    }

    /// The stored outcome of an earlier request.
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
