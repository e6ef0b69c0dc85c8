//! A cache of tokens, for a few seconds each.

mod lane;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use quick_cache::sync::Cache;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, RevokeToken, Revoked, TokenCursor,
    TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Token};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{BackendError, Clock, Page};

use self::lane::Lane;

/// Answers [`TokenRepository::find_by_hash`] from memory while the answer is at most [`CachedTokens::MOST_MICROS`]
/// old, so that a revocation by another instance is visible within the 5 seconds that the port allows, and so are
/// another role of the token's person and a deactivation.
///
/// Hashes without a usable token (unknown, revoked, expired or of somebody who is deactivated) are cached apart, and
/// for [`CachedTokens::MOMENT_MICROS`] only. That is how long a token that another process creates can be unknown here,
/// if its secret was tried before. Hashes that were not found lately are looked up a few at a time, and hashes of
/// cached tokens wait for none of them. So a client that guesses secrets, or goes on using a revoked one, neither
/// fills the memory nor delays the others. A good token that is not cached waits in the same queue: at its first use
/// here, and again when more than [`CachedTokens::CAPACITY`] other tokens were used since.
pub struct CachedTokens {
    inner: Arc<dyn TokenRepository>,
    clock: Arc<dyn Clock>,
    /// Tokens that were usable when they were looked up.
    found: Cache<SecretHash, Found>,
    refused: Cache<SecretHash, Refused>,
    lane: Lane,
    /// How many tokens were written here. When this grows during a look-up, the answer may be out of date, and is not
    /// cached.
    writes: AtomicU64,
}

/// A token, and the time of the question that it answers.
#[derive(Clone)]
struct Found {
    known: KnownToken,
    asked_at: Timestamp,
}

/// The token of a hash, or `None` when there is none.
struct Answer(Option<KnownToken>);

/// The hash has no usable token; and when that was asked.
#[derive(Clone)]
struct Refused {
    known: Option<Box<KnownToken>>,
    asked_at: Timestamp,
}

impl CachedTokens {
    /// The greatest age of a cached token, in microseconds: one second less than the port allows, for differences
    /// between clocks and the time that the answer takes.
    pub const MOST_MICROS: i64 = 4_000_000;
    /// How long a hash without a usable token is cached, in microseconds.
    pub const MOMENT_MICROS: i64 = 1_000_000;
    /// The most tokens in the cache, and the most hashes without a usable token. Beyond it, the least used ones are
    /// dropped.
    pub const CAPACITY: usize = 10_000;
    /// How many hashes that were not found lately are looked up at the same time.
    pub const LANE: usize = lane::WIDTH;
    /// How many more may wait for that. Any further ones are refused as [`Unavailable`] at once.
    ///
    /// [`Unavailable`]: stint_domain::BackendErrorKind::Unavailable
    pub const WAITING: usize = lane::WAITING;

    /// Caches what `inner` finds.
    pub fn new(inner: Arc<dyn TokenRepository>, clock: Arc<dyn Clock>) -> Self {
        let (found, refused) = (Cache::new(Self::CAPACITY), Cache::new(Self::CAPACITY));
        Self { inner, clock, found, refused, lane: Lane::new(), writes: AtomicU64::new(0) }
    }

    /// The cached answer, unless it is too old.
    fn remembered(&self, hash: SecretHash) -> Option<Answer> {
        let now = self.clock.now();
        if let Some(found) = self.found.get(&hash)
            && is_younger(found.asked_at, now, Self::MOST_MICROS)
            && is_usable(&found.known, now)
        {
            return Some(Answer(Some(found.known)));
        }
        let refused = self.refused.get(&hash)?;
        is_younger(refused.asked_at, now, Self::MOMENT_MICROS).then(|| Answer(refused.known.map(|known| *known)))
    }

    async fn ask(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        // Taken before the question, so that the duration of the look-up counts as age.
        let (asked_at, writes) = (self.clock.now(), self.writes.load(Ordering::SeqCst));
        let known = self.inner.find_by_hash(hash).await?;
        match &known {
            Some(known) if is_usable(known, asked_at) => {
                self.found.insert(hash, Found { known: known.clone(), asked_at });
                self.refused.remove(&hash);
            }
            _ => {
                self.found.remove(&hash);
                self.refused.insert(hash, Refused { known: known.clone().map(Box::new), asked_at });
            }
        }
        if self.writes.load(Ordering::SeqCst) != writes {
            self.found.remove(&hash);
            self.refused.remove(&hash);
        }
        Ok(known)
    }

    /// Counts before it removes: an earlier look-up either sees the new count, or its answer is removed here.
    fn forget(&self, hash: &SecretHash) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.found.remove(hash);
        self.refused.remove(hash);
    }

    /// Makes the answer about a session too old, so that its use is noted once and not by each request of the next
    /// seconds. The answer is not removed: a session in use waits for no look-up of an unknown token.
    fn outdate(&self, session: TokenId) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let outdated = Cell::new(None);
        self.found.retain(|hash, found| {
            if found.known.token.id == session {
                outdated.set(Some((*hash, found.clone())));
            }
            true
        });
        if let Some((hash, found)) = outdated.into_inner() {
            // If it is gone by now, it is not put back.
            drop(self.found.replace(hash, Found { asked_at: TOO_OLD, ..found }, true));
        }
    }
}

/// When an answer was asked for that must not be used: one from the future counts as too old.
const TOO_OLD: Timestamp = Timestamp::MAX;

/// Whether the token authenticates somebody.
fn is_usable(KnownToken { token, standing }: &KnownToken, now: Timestamp) -> bool {
    token.check(now).is_ok() && standing.is_none_or(|standing| standing.active)
}

/// Whether an answer is younger than `micros`. When a clock was set back, an age is negative; that counts as too old,
/// because the answer would live longer otherwise.
fn is_younger(asked_at: Timestamp, now: Timestamp, micros: i64) -> bool {
    (0..micros).contains(&(now.as_micros() - asked_at.as_micros()))
}

#[async_trait]
impl TokenRepository for CachedTokens {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        let hash = token.secret_hash;
        self.inner.create(token).await?;
        self.forget(&hash);
        Ok(())
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        let revoked = self.inner.revoke(command).await?;
        self.forget(&revoked.token.secret_hash);
        let id = Some(revoked.token.id);
        self.found.retain(|_, found| found.known.token.made_by != id);
        Ok(revoked)
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        let token = self.inner.update(command).await?;
        self.forget(&token.secret_hash);
        Ok(token)
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.inner.find(id).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        if let Some(Answer(known)) = self.remembered(hash) {
            return Ok(known);
        }
        if self.found.peek(&hash).is_some() {
            return self.ask(hash).await;
        }
        let _turn = self.lane.enter().await?;
        // An earlier caller may have asked for the same hash.
        match self.remembered(hash) {
            Some(Answer(known)) => Ok(known),
            None => self.ask(hash).await,
        }
    }

    async fn touch(&self, command: TouchSession) -> Result<(), BackendError> {
        self.inner.touch(command).await?;
        self.outdate(command.id);
        Ok(())
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list(query).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list_capturing(query).await
    }
}
