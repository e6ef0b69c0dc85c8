//! The token suite on the cache over memory, and the cache's own duties.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use stint_adapters::caching::{CachedProjects, CachedTokens};
use stint_adapters::memory::Memory;
use stint_adapters::system::SystemClock;
use stint_conformance::{Capture, Fixture, Ledger, People, Projects};
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, Expiry, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked,
    TokenChanges, TokenCursor, TouchSession, UpdateToken,
};
use stint_domain::access::{Role, SecretHash, Standing, Token, TokenKind};
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::{JobName, Precondition};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{CreatePerson, LastAdmin, PersonChanges, UpdatePerson};
use stint_domain::people::{Handle, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{PersonId, Subject, Timestamp, TokenId, Version, Zone};
use stint_domain::{BackendError, BackendErrorKind, Clock, Page};
use tokio::sync::Semaphore;
use uuid::Uuid;

async fn tokens() -> Fixture<dyn TokenRepository> {
    Fixture::new(Arc::new(CachedTokens::new(Arc::new(Memory::new()), Arc::new(SystemClock))), ())
}

async fn people() -> People {
    let memory = Memory::new();
    let tokens = Arc::new(CachedTokens::new(Arc::new(memory.clone()), Arc::new(SystemClock)));
    People { ledger: Ledger::new(memory.clone(), ()), tokens, people: Arc::new(memory) }
}

async fn projects() -> Projects {
    let memory = Memory::new();
    let new_projects = Arc::new(CachedProjects::new(Arc::new(memory.clone())));
    Projects { capture: Capture::new(memory, ()), new_projects }
}

stint_conformance::token_repository!(tokens);
stint_conformance::person_repository!(people);
stint_conformance::new_projects!(projects);

/// Admits projects that start with an `a`, and counts calls.
#[derive(Default)]
struct Asked(AtomicUsize);

#[async_trait]
impl NewProjects for Asked {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(command.projects.iter().map(|project| project.as_str().starts_with('a')).collect())
    }
}

/// The cache is per token and day. A project that was refused may be admitted the next time.
#[tokio::test]
async fn a_project_that_was_admitted_is_not_asked_for_again() {
    let asked = Arc::new(Asked::default());
    let cache = CachedProjects::new(asked.clone());
    let id = |number: u128| TokenId::new(Uuid::from_u128(number));
    let questions = async |token: u128, day: &str, projects: &[&str]| {
        let before = asked.0.load(Ordering::SeqCst);
        let names: Vec<_> = projects.iter().map(|name| JobName::new(name).unwrap()).collect();
        let subject = Subject::new("ada").unwrap();
        let command = AdmitProjects { token: id(token), subject, day: day.parse().unwrap(), projects: names, most: 9 };
        let admitted = cache.admit(command).await.unwrap();
        let expected: Vec<_> = projects.iter().map(|name| name.starts_with('a')).collect();
        assert_eq!(admitted, expected);
        asked.0.load(Ordering::SeqCst) - before
    };
    assert_eq!(questions(1, "2026-01-02", &["a1", "b1"]).await, 1);
    assert_eq!(questions(1, "2026-01-02", &["a1"]).await, 0);
    assert_eq!(questions(1, "2026-01-02", &["b1"]).await, 1);
    assert_eq!(questions(1, "2026-01-02", &["a1", "a2"]).await, 1);
    assert_eq!(questions(1, "2026-01-02", &["a2", "a1"]).await, 0);
    assert_eq!(questions(1, "2026-01-03", &["a1"]).await, 1);
    assert_eq!(questions(2, "2026-01-03", &["a1"]).await, 1);
}

const SECOND: i64 = 1_000_000;

/// A clock that stands still until it is set.
struct DrivenClock(AtomicI64);

impl Clock for DrivenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Memory that counts the calls that reach it, and delays the answers for some hashes until it is told.
struct Counting {
    inner: Memory,
    questions: AtomicUsize,
    gate: Semaphore,
}

impl Counting {
    fn new() -> Self {
        Self { inner: Memory::new(), questions: AtomicUsize::new(0), gate: Semaphore::new(0) }
    }
}

#[async_trait]
impl TokenRepository for Counting {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        TokenRepository::create(&self.inner, token).await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        self.inner.revoke(command).await
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        TokenRepository::update(&self.inner, command).await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        TokenRepository::find(&self.inner, id).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        let answer = self.inner.find_by_hash(hash).await;
        self.questions.fetch_add(1, Ordering::SeqCst);
        if hash.0[31] == 0xff {
            self.gate.acquire().await.unwrap().forget();
        }
        answer
    }

    async fn touch(&self, command: TouchSession) -> Result<(), BackendError> {
        self.inner.touch(command).await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        TokenRepository::list(&self.inner, query).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.inner.list_capturing(query).await
    }
}

struct Setting {
    clock: Arc<DrivenClock>,
    /// The repository below the cache: another instance's view of the same tokens.
    inner: Arc<Counting>,
    cached: CachedTokens,
}

impl Setting {
    fn new() -> Self {
        let (clock, inner) = (Arc::new(DrivenClock(AtomicI64::new(1_000 * SECOND))), Arc::new(Counting::new()));
        Self { cached: CachedTokens::new(inner.clone(), clock.clone()), clock, inner }
    }

    async fn with_token() -> (Self, Token) {
        let setting = Self::new();
        let ci = Subject::new("ci").unwrap();
        let token = Token {
            id: TokenId::new(Uuid::from_u128(1)),
            name: ci.clone(),
            subject: ci,
            kind: TokenKind::Api,
            person: None,
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

    /// With a session of an active member.
    async fn with_session() -> (Self, Token) {
        let (_, token) = Self::with_token().await;
        let (setting, handle, at) = (Self::new(), Handle::new("ci").unwrap(), token.created_at);
        let person = Person {
            id: PersonId::new(Uuid::from_u128(7)),
            handle,
            name: PersonName::new("Ci").unwrap(),
            email: None,
            role: Role::Member,
            status: PersonStatus::Active,
            time_zone: Zone::UTC,
            week_starts_on: WeekStart::Monday,
            version: Version::initial(at),
            created_at: at,
            updated_at: at,
        };
        let token = Token { kind: TokenKind::Session, person: Some(person.id), ..token };
        let command = CreatePerson { person, adopt: false, invitation: None };
        PersonRepository::create(&setting.inner.inner, command).await.unwrap();
        setting.inner.create(token.clone()).await.unwrap();
        (setting, token)
    }

    async fn found(&self) -> Option<Token> {
        self.known().await.map(|known| known.token)
    }

    async fn known(&self) -> Option<KnownToken> {
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
    assert!(setting.cached.find_by_hash(hash).await.unwrap().unwrap().token.revoked_at.is_some());
}

#[tokio::test]
async fn what_another_instance_does_to_a_person_shows_within_five_seconds() {
    let (setting, session) = Setting::with_session().await;
    let standing = |role, active| Some(Standing { role, active });
    assert_eq!(setting.known().await.unwrap().standing, standing(Role::Member, true));
    for (seconds, role, status) in
        [(5, Role::Viewer, PersonStatus::Active), (10, Role::Admin, PersonStatus::Deactivated)]
    {
        let changes = PersonChanges { role: Some(role), status: Some(status), ..PersonChanges::default() };
        let (id, at, last_admin) = (session.person.unwrap(), setting.clock.now(), LastAdmin::Stays);
        let command = UpdatePerson { id, changes, last_admin, at, precondition: Precondition::None };
        PersonRepository::update(&setting.inner.inner, command).await.unwrap();
        setting.set_clock(seconds * SECOND);
        let known = setting.known().await.unwrap();
        assert_eq!(known.standing, standing(role, status == PersonStatus::Active));
        assert_eq!(known.token.revoked_at.is_some(), status == PersonStatus::Deactivated);
    }
}

/// Or each request of the next seconds would note it again.
#[tokio::test]
async fn the_use_of_a_session_that_this_instance_notes_shows_at_once() {
    let (setting, session) = Setting::with_session().await;
    let setting = Arc::new(setting);
    setting.found().await;
    let guesses: Vec<_> = (0..u16::try_from(CachedTokens::LANE).unwrap())
        .map(|place| {
            let setting = setting.clone();
            tokio::spawn(async move { setting.cached.find_by_hash(delayed(place)).await })
        })
        .collect();
    until(|| setting.questions() == 1 + CachedTokens::LANE).await;
    let (at, expires_at) = (setting.clock.now(), Timestamp::from_micros(2_000 * SECOND).unwrap());
    setting.cached.touch(TouchSession { id: session.id, at, expires_at }).await.unwrap();
    for _ in 0..2 {
        let found = setting.found().await.unwrap();
        assert_eq!((found.last_used_at, found.expires_at), (Some(at), Some(expires_at)));
    }
    assert_eq!(setting.questions(), 2 + CachedTokens::LANE, "it is asked for once more, beside those that are unknown");
    setting.inner.gate.add_permits(CachedTokens::LANE);
    for guess in guesses {
        guess.await.unwrap().unwrap();
    }
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
async fn what_opens_nothing_is_asked_for_once_in_a_second() {
    let setting = Setting::new();
    for (micros, questions) in [(0, 1), (1, 1), (SECOND - 1, 1), (SECOND, 2), (SECOND + 1, 2)] {
        setting.set_clock(micros);
        assert_eq!(setting.found().await, None);
        assert_eq!(setting.questions(), questions, "after {micros} microseconds");
    }

    let (setting, token) = Setting::with_token().await;
    setting.inner.revoke(setting.revocation(&token)).await.unwrap();
    for _ in 0..3 {
        assert!(setting.found().await.unwrap().revoked_at.is_some());
    }
    assert_eq!(setting.questions(), 1);

    let (setting, token) = Setting::with_token().await;
    let expiry = Expiry::At(Timestamp::from_micros(1_001 * SECOND).unwrap());
    let changes = TokenChanges { expiry: Some(expiry), ..TokenChanges::default() };
    setting.inner.update(UpdateToken { id: token.id, changes }).await.unwrap();
    for (micros, questions) in [(0, 1), (SECOND - 1, 1), (SECOND, 2), (SECOND, 2), (2 * SECOND, 3)] {
        setting.set_clock(micros);
        assert_eq!(setting.found().await.unwrap().expires_at, expiry.moment());
        assert_eq!(setting.questions(), questions);
    }
}

#[tokio::test]
async fn a_token_that_this_instance_creates_is_known_at_once_and_one_of_another_within_a_second() {
    let (_, token) = Setting::with_token().await;
    let setting = Setting::new();
    assert_eq!(setting.found().await, None);
    setting.cached.create(token.clone()).await.unwrap();
    assert_eq!(setting.found().await.as_ref(), Some(&token));

    let setting = Setting::new();
    assert_eq!(setting.found().await, None);
    setting.inner.create(token.clone()).await.unwrap();
    setting.set_clock(SECOND);
    assert_eq!(setting.found().await, Some(token));
}

/// The hash of a secret whose look-up is delayed.
fn delayed(place: u16) -> SecretHash {
    let mut hash = [0xff; 32];
    hash[..2].copy_from_slice(&place.to_be_bytes());
    SecretHash(hash)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_of_before_a_token_was_created_is_not_remembered() {
    let (_, token) = Setting::with_token().await;
    let setting = Arc::new(Setting::new());
    let token = Token { secret_hash: delayed(0), ..token };
    let early = tokio::spawn({
        let setting = setting.clone();
        async move { setting.cached.find_by_hash(delayed(0)).await.unwrap() }
    });
    // The look-up has found none, and its answer is on the way.
    until(|| setting.questions() == 1).await;
    setting.cached.create(token.clone()).await.unwrap();
    setting.inner.gate.add_permits(1);
    assert_eq!(early.await.unwrap(), None);
    setting.inner.gate.add_permits(1);
    let found = setting.cached.find_by_hash(delayed(0)).await.unwrap();
    assert_eq!(found, Some(KnownToken { token, standing: None }));
}

#[tokio::test]
async fn unknown_tokens_are_looked_up_a_few_at_a_time_and_known_ones_wait_for_none_of_them() {
    let (setting, token) = Setting::with_token().await;
    let setting = Arc::new(setting);
    setting.found().await;
    let most = u16::try_from(CachedTokens::LANE + CachedTokens::WAITING).unwrap();
    let guesses: Vec<_> = (0..most)
        .map(|place| {
            let setting = setting.clone();
            tokio::spawn(async move { setting.cached.find_by_hash(delayed(place)).await })
        })
        .collect();
    until(|| setting.questions() == 1 + CachedTokens::LANE).await;
    for _ in 0..2 * most {
        tokio::task::yield_now().await;
    }
    assert_eq!(setting.questions(), 1 + CachedTokens::LANE, "the others wait");
    let refused = setting.cached.find_by_hash(delayed(most)).await.unwrap_err();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable, "{refused}");

    setting.set_clock(4 * SECOND);
    assert_eq!(setting.found().await.as_ref(), Some(&token), "it is asked for again, beside them");
    assert_eq!(setting.questions(), 2 + CachedTokens::LANE);
    setting.inner.gate.add_permits(usize::from(most));
    for guess in guesses {
        assert_eq!(guess.await.unwrap().unwrap(), None);
    }
    assert_eq!(setting.cached.find_by_hash(SecretHash([9; 32])).await.unwrap(), None, "the lane is free again");
}

#[tokio::test]
async fn many_who_ask_for_the_same_unknown_token_ask_a_few_times() {
    let setting = Arc::new(Setting::new());
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let setting = setting.clone();
            tokio::spawn(async move { setting.cached.find_by_hash(delayed(0)).await.unwrap() })
        })
        .collect();
    until(|| setting.questions() == CachedTokens::LANE).await;
    setting.inner.gate.add_permits(100);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), None);
    }
    assert_eq!(setting.questions(), CachedTokens::LANE);
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
