//! Tokens, remembered for a few seconds.

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use stint_domain::ports::token::{
    CreateTokenError, ListCapturing, ListTokens, RevokeToken, RevokeTokenError, Revoked, TokenCursor, UpdateToken,
    UpdateTokenError,
};
use stint_domain::ports::{BackendError, Clock, TokenRepository};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{Page, SecretHash, Token};

/// Answers [`TokenRepository::find_by_hash`] from memory while the answer is at most [`CachedTokens::MOST_MICROS`] old,
/// so that a revocation by another instance shows within the 5 seconds that the port allows.
///
/// Only tokens that can be used are remembered, and at most [`CachedTokens::CAPACITY`] of them: guessed secrets neither
/// fill the memory nor hide a token that is created next, and whoever is refused waits for the same look-up, whether the
/// token is unknown, revoked or expired.
pub struct CachedTokens {
    inner: Arc<dyn TokenRepository>,
    clock: Arc<dyn Clock>,
    found: Cache<SecretHash, Found>,
}

/// A token, and when the question was asked to which it is the answer.
#[derive(Clone)]
struct Found {
    token: Token,
    asked_at: Timestamp,
}

impl CachedTokens {
    /// The oldest that a remembered answer gets, in microseconds: a second less than the port allows, for what the
    /// clocks and the answer's way take.
    pub const MOST_MICROS: i64 = 4_000_000;
    /// The most tokens that are remembered; the least used ones make room.
    pub const CAPACITY: usize = 10_000;

    /// Remembers what `inner` finds.
    pub fn new(inner: Arc<dyn TokenRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, found: Cache::new(Self::CAPACITY) }
    }
}

impl Found {
    /// Whether it is fresh, and the token still taken.
    fn is_usable(&self, now: Timestamp) -> bool {
        self.is_fresh(now) && self.token.check(now).is_ok()
    }

    /// A clock that was set back makes an age negative; that counts as too old, or it would prolong the answer's life.
    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..CachedTokens::MOST_MICROS).contains(&(now.as_micros() - self.asked_at.as_micros()))
    }
}

#[async_trait]
impl TokenRepository for CachedTokens {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.inner.create(token).await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, RevokeTokenError> {
        let revoked = self.inner.revoke(command).await?;
        let id = revoked.token.id;
        self.found.retain(|_, found| found.token.id != id && found.token.made_by != Some(id));
        Ok(revoked)
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError> {
        let token = self.inner.update(command).await?;
        self.found.remove(&token.secret_hash);
        Ok(token)
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.inner.find(id).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        // Taken before the question, so that the time the answer takes counts as its age.
        let asked_at = self.clock.now();
        if let Some(found) = self.found.get(&hash).filter(|found| found.is_usable(asked_at)) {
            return Ok(Some(found.token));
        }
        let token = self.inner.find_by_hash(hash).await?;
        match &token {
            Some(token) if token.check(asked_at).is_ok() => {
                self.found.insert(hash, Found { token: token.clone(), asked_at });
            }
            _ => drop(self.found.remove(&hash)),
        }
        Ok(token)
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list(query).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list_capturing(query).await
    }
}
