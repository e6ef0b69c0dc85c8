//! A storage for Stint. Each port's implementation stands under the port's path: `ledger/ports/job.rs` in Stint's domain
//! is `ledger/job.rs` here.
//!
//! It keeps everything in memory, as little code as passes the suites: begin with [`store`], where your database goes.

pub mod api;
pub mod store;

mod access;
mod health;
mod ledger;

pub use store::Store;
