//! What Stint is, without any technology: each feature's values, ports and services.
//!
//! | room | what is there |
//! | --- | --- |
//! | [`ledger`] | jobs, their time entries and totals; retries and preconditions |
//! | [`capture`] | pings, and the time that they prove; capture tokens |
//! | [`access`] | tokens and their scopes; who is acting |
//! | [`people`] | accounts, passwords, signing in |
//! | [`timers`] | what people are doing now, and the time that it becomes |
//! | [`background`] | tasks and housekeeping |
//! | [`values`] and this page | what all of them share |
//!
//! This crate defines what these things mean and who may do what with them. It deliberately knows no database, no
//! HTTP, no serialisation format and no clock. What it needs from outside are ports, and other crates implement them.
//!
//! # Ports
//!
//! A port is a trait with documented duties. Every write is a value (a command), so that it can be compared in a
//! test, sent again, and grouped with others. One port call is atomic: it happens whole or not at all, and a refusal
//! leaves no trace. If the answer is lost and the command is sent again, nothing counts twice.
//!
//! Rules for all ports:
//! - Ids compare as their 16 bytes, the first byte first. Of two things with the same time, the one with the greater
//!   id is the later one.
//! - A call whose caller gives up happens whole or not at all, like any other.
//! - No method blocks a thread of the async runtime. An adapter that waits for a disk or a server does so on another
//!   thread.
//! - When a write returns, it is as durable as the backend promises. A backend that keeps writes in a cache of its
//!   own, or of the operating system, says so in its docs.
//! - A write whose commit got no answer may have happened. It fails with the kind
//!   [`Timeout`](BackendErrorKind::Timeout). Only the caller may send it again, under the same id or key.
//!
//! The conformance crate tests every duty; its docs list the duties that no test can reach.
//!
//! # Services
//!
//! A service checks the principal's scope, takes the time and new ids from their ports, and hands one command to one
//! repository. It holds no state, so any number of instances behave as one. Rules that must hold at the moment of the
//! write, such as "an archived job takes no time", are not here: they are duties of the repositories, which can check
//! them in the write's own transaction.
//!
//! # Adding a port
//!
//! 1. Write the trait in `<feature>/ports/<name>.rs`: async, object-safe, owned arguments, one atomic operation per
//!    method. A write takes one command value, a read one query value or nothing. List the duties of an implementation
//!    in the docs, one sentence each.
//! 2. A method that can refuse has an error enum with the refusals that a caller can act on, plus
//!    `Backend(BackendError)`. A method that can only fail returns `BackendError`.
//! 3. Put `#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]` above `#[async_trait]`. Declare the module in
//!    `<feature>/ports.rs`, which also re-exports the trait and its mock.
//! 4. Write each duty as a clause in the conformance crate, in the file of the same path, and the suite's macro above
//!    them. Give the feature's fixture (`Ledger`) the port. Name the suite in the feature's macro (`ledger!`) and in the
//!    table of that crate's docs. One clause says that no method blocks the runtime (`runtime::Sleeps`).
//! 5. Implement it in the adapters crate, in the file of the same path under each backend, and run the suite there.
//! 6. Use it from a service in `<feature>/services/`, tested against the mock. Add a field to `LedgerPorts` (to `of` and
//!    `mocks`, too) and one to `LedgerServices`, and the port to the bounds of `LedgerAdapter`.
//! 7. Say in `wiring.rs` of the binary which adapter implements it: the backend itself, or a decorator over it.
//! 8. Answer it in `api/<feature>/<resource>.rs` of the web crate, and name its routes in `api/<feature>.rs`. A tag of
//!    its own stands in `openapi.rs`.
//! 9. Implement it in `infra/template/adapter` if every adapter owes it, else for `NotOffered`. List it in
//!    `docs/extending-adapters.md`.

#![warn(missing_docs)]

pub mod access;
pub mod background;
pub mod capture;
pub mod ledger;
pub mod people;
pub mod timers;
pub mod values;

mod clock;
mod errors;
mod health;
mod id_generator;
mod page;
mod sources;
#[cfg(test)]
mod test;

pub use clock::Clock;
pub use errors::{BackendError, BackendErrorKind, Corrupt, ServiceError};
pub use health::{HealthCheck, NotReady};
pub use id_generator::IdGenerator;
pub use page::{Page, PageSize, PageSizeError};
pub use sources::Sources;
#[cfg(any(test, feature = "mocks"))]
pub use {clock::MockClock, health::MockHealthCheck, id_generator::MockIdGenerator};
