//! The token suite on the cache over memory, and what the cache owes beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use stint_adapters::caching::CachedTokens;
use stint_adapters::memory::Memory;
use stint_adapters::system::SystemClock;
use stint_conformance::Fixture;
use stint_domain::ports::token::{
    CreateTokenError, Expiry, ListCapturing, ListTokens, Made, RevokeToken, RevokeTokenError, Revoked, TokenChanges,
    TokenCursor, UpdateToken, UpdateTokenError,
};
use stint_domain::ports::{BackendError, Clock, TokenRepository};
use stint_domain::values::{Subject, Timestamp, TokenId};
use stint_domain::{Page, SecretHash, Token};
use uuid::Uuid;

async fn tokens() -> Fixture<dyn TokenRepository> {
    Fixture::new(Arc::new(CachedTokens::new(Arc::new(Memory::new()), Arc::new(SystemClock))), ())
}

stint_conformance::token_repository!(tokens);

const SECOND: i64 = 1_000_000;

/// A clock that stands still until it is set.
struct DrivenClock(AtomicI64);

impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Memory that counts the questions that reach it.
#[derive(Default)]
struct Counting {
    inner: Memory,
    questions: AtomicUsize,
}

#[async_trait]
impl TokenRepository for Counting {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.inner.create(token).await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, RevokeTokenError> {
        self.inner.revoke(command).await
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError> {
        self.inner.update(command).await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.inner.find(id).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        self.inner.find_by_hash(hash).await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list(query).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list_capturing(query).await
    }
}

struct Setting {
    clock: Arc<DrivenClock>,
    /// What the cache asks: another instance's view of the same tokens.
    inner: Arc<Counting>,
    cached: CachedTokens,
}

impl Setting {
    fn new() -> Self {
        let (clock, inner) = (Arc::new(DrivenClock(AtomicI64::new(1_000 * SECOND))), Arc::new(Counting::default()));
        Self { cached: CachedTokens::new(inner.clone(), clock.clone()), clock, inner }
    }

    async fn with_token() -> (Self, Token) {
        let setting = Self::new();
        let ci = Subject::new("ci").unwrap();
        let token = Token {
            id: TokenId::new(Uuid::from_u128(1)),
            name: ci.clone(),
            subject: ci,
            scopes: "read".parse().unwrap(),
            capture: None,
            secret_hash: SecretHash([1; 32]),
            created_at: setting.clock.now(),
            expires_at: None,
            revoked_at: None,
            made_by: None,
            last_used_at: None,
        };
        setting.inner.create(token.clone()).await.unwrap();
        (setting, token)
    }

    fn set_clock(&self, micros: i64) {
        self.clock.0.store(1_000 * SECOND + micros, Ordering::SeqCst);
    }

    async fn found(&self) -> Option<Token> {
        self.cached.find_by_hash(SecretHash([1; 32])).await.unwrap()
    }

    fn revocation(&self, token: &Token) -> RevokeToken {
        RevokeToken { id: token.id, at: self.clock.now(), made: Made::Revoke }
    }

    fn questions(&self) -> usize {
        self.inner.questions.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_in_four_seconds() {
    let (setting, token) = Setting::with_token().await;
    for micros in [0, 1, 2 * SECOND, 4 * SECOND - 1] {
        setting.set_clock(micros);
        assert_eq!(setting.found().await.as_ref(), Some(&token));
    }
    assert_eq!(setting.questions(), 1);
    setting.set_clock(4 * SECOND);
    setting.found().await;
    assert_eq!(setting.questions(), 2);
}

#[tokio::test]
async fn a_revocation_by_another_instance_shows_within_five_seconds() {
    let (setting, token) = Setting::with_token().await;
    setting.found().await;
    setting.inner.revoke(setting.revocation(&token)).await.unwrap();
    setting.set_clock(5 * SECOND);
    assert!(setting.found().await.unwrap().revoked_at.is_some());
}

#[tokio::test]
async fn a_revocation_by_this_instance_shows_at_once() {
    let (setting, token) = Setting::with_token().await;
    setting.found().await;
    setting.cached.revoke(setting.revocation(&token)).await.unwrap();
    assert!(setting.found().await.unwrap().revoked_at.is_some());
}

#[tokio::test]
async fn what_a_token_made_is_forgotten_with_it() {
    let (setting, token) = Setting::with_token().await;
    let (id, hash) = (TokenId::new(Uuid::from_u128(2)), SecretHash([2; 32]));
    let made = Token { id, secret_hash: hash, made_by: Some(token.id), ..token.clone() };
    setting.inner.create(made).await.unwrap();
    setting.cached.find_by_hash(hash).await.unwrap();
    setting.cached.revoke(setting.revocation(&token)).await.unwrap();
    assert!(setting.cached.find_by_hash(hash).await.unwrap().unwrap().revoked_at.is_some());
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_prolong_an_answer() {
    let (setting, _) = Setting::with_token().await;
    setting.found().await;
    setting.set_clock(-3600 * SECOND);
    setting.found().await;
    assert_eq!(setting.questions(), 2);
}

#[tokio::test]
async fn unknown_secrets_are_not_remembered() {
    let setting = Setting::new();
    for _ in 0..3 {
        assert_eq!(setting.found().await, None);
    }
    assert_eq!(setting.questions(), 3);
}

#[tokio::test]
async fn who_is_refused_waits_for_the_same_look_up_whatever_the_reason() {
    let (setting, token) = Setting::with_token().await;
    setting.inner.revoke(setting.revocation(&token)).await.unwrap();
    for _ in 0..3 {
        assert!(setting.found().await.unwrap().revoked_at.is_some());
    }
    assert_eq!(setting.questions(), 3);

    let (setting, token) = Setting::with_token().await;
    let expiry = Expiry::At(Timestamp::from_micros(1_001 * SECOND).unwrap());
    let changes = TokenChanges { expiry: Some(expiry), ..TokenChanges::default() };
    setting.inner.update(UpdateToken { id: token.id, changes }).await.unwrap();
    for (micros, questions) in [(0, 1), (SECOND - 1, 1), (SECOND, 2), (SECOND, 3)] {
        setting.set_clock(micros);
        assert_eq!(setting.found().await.unwrap().expires_at, expiry.moment());
        assert_eq!(setting.questions(), questions);
    }
}

#[tokio::test]
async fn an_end_that_this_instance_sets_shows_at_once() {
    let (setting, token) = Setting::with_token().await;
    setting.found().await;
    let changes = TokenChanges { expiry: Some(Expiry::At(token.created_at)), ..TokenChanges::default() };
    setting.cached.update(UpdateToken { id: token.id, changes }).await.unwrap();
    assert_eq!(setting.found().await.unwrap().expires_at, Some(token.created_at));
}

#[tokio::test]
async fn no_more_tokens_are_remembered_than_the_capacity() {
    let setting = Setting::new();
    let hash = |place: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&place.to_be_bytes());
        SecretHash(hash)
    };
    let many = CachedTokens::CAPACITY + 500;
    let (_, token) = Setting::with_token().await;
    for place in 0..many {
        let id = TokenId::new(Uuid::from_u128(place as u128));
        setting.inner.create(Token { id, secret_hash: hash(place), ..token.clone() }).await.unwrap();
    }
    for _ in 0..2 {
        for place in 0..many {
            assert!(setting.cached.find_by_hash(hash(place)).await.unwrap().is_some());
        }
    }
    assert!(setting.questions() >= many + 500, "{} questions", setting.questions());
}
