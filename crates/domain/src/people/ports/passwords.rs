//! The port that hashes passwords.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::people::{Password, PasswordHash};

/// Hashes passwords, and tells which are too easy to guess.
///
/// Duties of an implementation, beside those of each method:
/// - Hashes are argon2id with at least 19 MiB, two passes and one lane, and a salt of 16 random bytes of their own.
/// - Few passwords are hashed at the same time, on threads that serve nothing else, and few callers wait. Any further ones
///   are refused at once as [`Unavailable`](crate::BackendErrorKind::Unavailable).
/// - A caller that has gone costs at most the hash that was begun for it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Hashes a new password, unless it is too easy to guess. `about` is what others know of the person, such as their
    /// handle: it makes a password easier to guess.
    async fn hash(&self, password: Password, about: Vec<String>) -> Result<PasswordHash, HashPasswordError>;

    /// Compares a password with a hash. Without a hash it takes as long and fails, so that nobody learns from the time
    /// whether there is one. A hash that cannot be read fails, too.
    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verified, BackendError>;
}

/// The answer to a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is another password, or there was no hash.
    No,
    /// It is the password.
    Yes {
        /// A new hash of it, if the stored one is weaker than new ones are.
        stronger: Option<PasswordHash>,
    },
}

/// Why a password was not hashed.
#[derive(Debug, Clone, Error)]
pub enum HashPasswordError {
    /// It is too easy to guess. The text says why, in a short sentence.
    #[error("is too easy to guess: {0}")]
    TooWeak(String),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
