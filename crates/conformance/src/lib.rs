//! The duties of Stint's ports, as tests that any adapter can run.
//!
//! The docs of the domain's ports list the duties of an implementation. Each duty is a *clause* here: a public `async fn`
//! with a claim as its name, in the file of the port's path. A macro per suite makes one test of each clause, each on a
//! fresh backend that the adapter's author provides. Only the macro lists the clauses, so a new clause runs on every
//! adapter from the next build on.
//!
//! | suite | what the factory makes |
//! | --- | --- |
//! | [`ledger!`]: all of [`job_repository!`], [`time_entry_repository!`], [`totals_audit!`], [`idempotency!`], [`concurrency!`], [`runtime!`] and [`model!`] | [`Ledger`] |
//! | [`totals_audit_finds!`] | [`ledger::totals::drift::Drifting`] |
//! | [`ping_repository!`] | [`Capture`] |
//! | [`ping_repository_fails_whole!`] | [`capture::ping::full::Full`] |
//! | [`new_projects!`] | [`Projects`] |
//! | [`task_log!`] | `Fixture<dyn TaskLog>` |
//! | [`housekeeping!`], [`housekeeping_of_pings!`], [`housekeeping_of_sessions!`] | [`House`], [`PingHouse`], [`SessionHouse`] |
//! | [`token_repository!`] | `Fixture<dyn TokenRepository>` |
//! | [`person_repository!`] | [`People`] |
//! | [`identity_repository!`] | [`Identities`] |
//! | [`timer_repository!`] | [`Timers`] |
//! | [`ping_queue!`] | `Fixture<dyn PingQueue>` |
//! | [`health_check!`] | `Fixture<dyn HealthCheck>` |
//! | [`health_check_notices!`] | [`health::Breakable`] |
//! | [`clock!`], [`id_generator!`], [`secrets!`], [`passwords!`] | [`Fixture`] of that port |
//!
//! # What is not tested here
//!
//! No clause can reach these duties. They belong in the adapter's own tests.
//!
//! | duty | why not here |
//! | --- | --- |
//! | a write is as durable as the backend promises; a pushed ping survives, whatever process dies | a clause cannot kill its own process or cut the power |
//! | a write whose commit got no answer is a `Timeout`, and is not sent again by the adapter | no port can lose an answer |
//! | the kinds of other failures: not reachable, too slow, a row that does not parse | no port can cause them |
//! | effects on other instances within 5 seconds | a fixture has one instance |
//! | ids that no other instance returns; receipts and leases by another process's clock; new projects counted by several instances | a fixture has one instance |
//! | a queue's items that cannot be read as pings are handed out, buried and replayed, but not shown | no port can store one |
//! | a push fails when it cannot store its pings durably | no port can make it fail |
//! | housekeeping deletes in small steps, so that no other caller waits long | the time depends on the machine |
//! | a health check answers within its own time-out | only its author knows the time-out |
//! | a health check uses the schema rule of the start; its trial of a write leaves nothing behind | no port shows the schema or the trial |
//! | an audit's steps are short, and it ends soon after its caller is gone | the time depends on the machine, and no port tells that an audit still runs |
//! | secrets come from the operating system's secure random source | a secret does not show its source |
//! | a provider's tokens are checked, its keys cached, its answers bounded | a clause has no provider |
//! | a caller that has gone costs at most the hash of a password that was begun for it | the time depends on the machine |
//! | tokens and people are never deleted | only the pruning of ended sessions and invitations deletes any |
//! | no method blocks the runtime, on systems other than Linux, or when the blocking call happens not to sleep | see [`mod@runtime`] |
//! | a total that would pass its maximum, an audit that finds a drift, a health check that notices a change | only if the fixture cannot cause them: [`totals_audit_finds!`], [`ping_repository_fails_whole!`], [`health_check_notices!`] |
//!
//! The result of a race depends on chance, so a faulty adapter may pass such a clause now and then. A correct adapter
//! never fails one.
//!
//! # An adapter outside this repository
//!
//! This adapter keeps tokens in a `Vec` and runs the suite. It stores no people, so each token is nobody's. It needs
//! this crate, the domain and `async_trait`. (In a real crate, the factory and the macro stand in a test, and this crate
//! in `[dev-dependencies]`. The guide is `docs/extending-adapters.md`.)
//!
//! ```test_harness
//! use std::sync::{Arc, Mutex};
//!
//! use async_trait::async_trait;
//! use stint_conformance::Fixture;
//! use stint_domain::access::ports::token::{
//!     ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked,
//!     TokenCursor, TouchSession, UpdateToken,
//! };
//! use stint_domain::access::ports::TokenRepository;
//! use stint_domain::access::{SecretHash, Token, TokenKind};
//! use stint_domain::capture::CaptureTarget;
//! use stint_domain::values::TokenId;
//! use stint_domain::{BackendError, BackendErrorKind, Page};
//!
//! #[derive(Default)]
//! struct Toy(Mutex<Vec<Token>>);
//!
//! #[async_trait]
//! impl TokenRepository for Toy {
//!     async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
//!         let mut tokens = self.0.lock().unwrap();
//!         if tokens.iter().any(|other| other.id == token.id || other.secret_hash == token.secret_hash) {
//!             let taken = "the token's id or hash is taken";
//!             return Err(BackendError::new("toy", BackendErrorKind::Internal, taken).into());
//!         }
//!         let usable = |maker| tokens.iter().any(|other| other.id == maker && other.revoked_at.is_none());
//!         if let Some(maker) = token.made_by.filter(|maker| !usable(*maker)) {
//!             return Err(CreateTokenError::MakerRevoked(maker));
//!         }
//!         if let Some(person) = token.person {
//!             return Err(CreateTokenError::PersonInactive(person));
//!         }
//!         tokens.push(token);
//!         Ok(())
//!     }
//!
//!     async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
//!         let RevokeToken { id, at, made } = command;
//!         let mut tokens = self.0.lock().unwrap();
//!         let token = tokens.iter_mut().find(|token| token.id == id).ok_or(ChangeTokenError::NotFound(id))?;
//!         token.revoked_at.get_or_insert(at);
//!         let mut revoked = Revoked { token: token.clone(), made: 0 };
//!         let with_it = |token: &Token| token.made_by == Some(id) && token.revoked_at.is_none();
//!         for token in tokens.iter_mut().filter(|token| made == Made::Revoke && with_it(token)) {
//!             token.revoked_at = Some(at);
//!             revoked.made += 1;
//!         }
//!         Ok(revoked)
//!     }
//!
//!     async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
//!         let UpdateToken { id, changes } = command;
//!         let mut tokens = self.0.lock().unwrap();
//!         let token = tokens.iter_mut().find(|token| token.id == id).ok_or(ChangeTokenError::NotFound(id))?;
//!         token.name = changes.name.unwrap_or_else(|| token.name.clone());
//!         token.expires_at = changes.expiry.map_or(token.expires_at, |expiry| expiry.moment());
//!         Ok(token.clone())
//!     }
//!
//!     async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
//!         Ok(self.0.lock().unwrap().iter().find(|token| token.id == id).cloned())
//!     }
//!
//!     async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
//!         let token = self.0.lock().unwrap().iter().find(|token| token.secret_hash == hash).cloned();
//!         Ok(token.map(|token| KnownToken { token, standing: None }))
//!     }
//!
//!     async fn touch(&self, command: TouchSession) -> Result<(), BackendError> {
//!         let TouchSession { id, at, expires_at } = command;
//!         let mut tokens = self.0.lock().unwrap();
//!         let used = |token: &&mut Token| {
//!             let open = token.kind == TokenKind::Session && token.revoked_at.is_none();
//!             token.id == id && open && token.last_used_at.is_none_or(|last| last <= at)
//!         };
//!         if let Some(token) = tokens.iter_mut().find(used) {
//!             (token.last_used_at, token.expires_at) = (Some(at), Some(expires_at));
//!         }
//!         Ok(())
//!     }
//!
//!     async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
//!         let mut tokens = self.0.lock().unwrap().clone();
//!         tokens.retain(|token| {
//!             let wanted = query.kind.is_none_or(|kind| token.kind == kind) && query.person.is_none();
//!             wanted && query.after.is_none_or(|after| TokenCursor::from(token) > after)
//!         });
//!         tokens.sort_by_key(|token| TokenCursor::from(token));
//!         Ok(Page::of(tokens, query.size, |token| TokenCursor::from(token)))
//!     }
//!
//!     async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
//!         let mut tokens = self.0.lock().unwrap().clone();
//!         tokens.retain(|token| {
//!             let counts = |rule| query.related_job.is_none_or(|job| rule == CaptureTarget::Job(job));
//!             let speaks = query.subject.as_ref().is_none_or(|subject| token.subject == *subject);
//!             let follows = query.after.is_none_or(|after| TokenCursor::from(token) < after);
//!             token.capture.is_some_and(|rule| counts(rule.target)) && speaks && follows
//!         });
//!         tokens.sort_by_key(|token| std::cmp::Reverse(TokenCursor::from(token)));
//!         Ok(Page::of(tokens, query.size, |token| TokenCursor::from(token)))
//!     }
//! }
//!
//! async fn tokens() -> Fixture<dyn TokenRepository> {
//!     Fixture::new(Arc::new(Toy::default()), ())
//! }
//!
//! stint_conformance::token_repository!(tokens);
//! ```
//!
//! # Adding a clause
//!
//! 1. Find the duty in the port's docs that it tests. If there is none, write it first.
//! 2. Write the `async fn` in the file of the port (or of the method). Its name is a claim that is false when the duty is
//!    broken. It uses the adapter through the ports only, and its assertions hold for every interleaving.
//! 3. Add it to the suite's macro; the test in `suite.rs` fails until you do.
//! 4. Break an adapter once, and see the clause fail.

#![warn(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this crate is tests: a panic is how a clause fails"
)]
#![allow(clippy::unused_async, reason = "every clause is async, so that one macro runs them all")]

pub mod access;
pub mod background;
pub mod capture;
pub mod clock;
pub mod health;
pub mod id_generator;
pub mod ledger;
pub mod people;
pub mod runtime;
pub mod suite;
pub mod timers;

mod given;

pub use background::housekeeping::{House, PingHouse, SessionHouse};
pub use capture::new_project::Projects;
pub use capture::ping::Capture;
pub use ledger::Ledger;
pub use people::person::People;
pub use people::provider_identity::Identities;
pub use suite::Fixture;
pub use timers::timer::Timers;

/// The guide for authors of adapters. Its examples run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/extending-adapters.md")]
pub struct Guide;
