//! The duties of Stint's ports, as tests that any adapter can run.

#![warn(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this crate is tests: a panic is how a clause fails"
)]

pub mod concurrency;
pub mod idempotency;
pub mod job;
pub mod ledger;
pub mod suite;
pub mod time_entry;
pub mod totals;

mod given;

pub use ledger::Ledger;
