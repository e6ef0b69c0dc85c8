//! The ledger of working time: its values, its ports and its services.
//!
//! A [`Job`] collects [`TimeEntry`]s; its `total_minutes` equals the sum of their minutes at every moment. This crate
//! says what that means and who may do it. It deliberately knows no database, no HTTP, no serialisation format and no
//! clock: what it needs from outside stands in [`ports`], and other crates implement it.
//!
//! # Adding a port
//!
//! 1. Write the trait in `ports/<name>.rs`: async, object-safe, owned arguments, one atomic operation per method. A
//!    write takes one command value. Say in the docs what an implementation owes, one sentence per duty.
//! 2. Give each method an error enum with the refusals that a caller can act on, plus `Backend(BackendError)`.
//! 3. Put `#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]` above `#[async_trait]`.
//! 4. Write each duty as a test in the conformance crate, in the file of the same name.
//! 5. Implement it in the adapters crate, in the file of the same name under each backend, and run the suite there.
//! 6. Use it from a service in `services/`, tested against the mock.

#![warn(missing_docs)]

pub mod ports;
pub mod services;
pub mod values;

mod idempotency;
mod job;
mod page;
mod ping;
mod precondition;
mod principal;
mod time_entry;
mod token;

pub use idempotency::{Applied, Fingerprint, Idempotency, IdempotencyKey, IdempotencyKeyError};
pub use job::{Job, JobStatus, JobStatusError};
pub use page::{Page, PageSize, PageSizeError};
pub use ping::{CapturedDay, LoggedPing, Ping, PingOutcome, PingProject, PingRefusal, PingRefusalError, PingTarget};
pub use precondition::{Precondition, PreconditionFailed};
pub use principal::{Capturer, MissingScope, Principal};
pub use time_entry::TimeEntry;
pub use token::{Scope, ScopeError, Scopes, SecretHash, Token, TokenName, TokenRefusal, TokenSecret, TokenSecretError};
