//! The duties of Stint's ports, as tests that any adapter can run.

#![warn(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this crate is tests: a panic is how a clause fails"
)]

pub mod clock;
pub mod concurrency;
pub mod health;
pub mod id_generator;
pub mod idempotency;
pub mod job;
pub mod ledger;
pub mod secrets;
pub mod suite;
pub mod time_entry;
pub mod token;
pub mod totals;

mod given;

pub use ledger::Ledger;
pub use suite::Fixture;
