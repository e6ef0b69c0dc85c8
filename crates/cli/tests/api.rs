//! The product from outside: a real process, real sockets, a real SQLite file and a real Postgres.
//!
//! Written from the specification, not from the code. Every claim in a list `on_both_databases!(...)` is tested on both
//! databases, with a database and a server of its own; those on Postgres need the feature `system-tests`. Deliberately
//! not here: what the tests of a single layer can show.

mod answer;
mod auth;
mod authors;
mod bad_input;
mod batch;
mod bodies;
mod capture;
mod capture_tokens;
mod client;
mod concurrency;
mod conditional;
mod contract;
mod cors;
mod database;
mod dice;
mod doors;
mod fuzz;
mod idempotency;
#[cfg(feature = "system-tests")]
mod instances;
mod jobs;
mod leaked;
mod ledger;
mod matrix;
#[cfg(feature = "system-tests")]
mod nginx;
#[cfg(feature = "system-tests")]
mod oidc;
mod openapi;
mod operations;
mod outage;
mod own;
mod pages;
mod people;
#[cfg(feature = "system-tests")]
mod proxy;
mod raw;
#[cfg(feature = "system-tests")]
mod redis;
mod schema;
#[cfg(feature = "system-tests")]
mod schemathesis;
mod scopes;
mod service;
mod shutdown;
mod streams;
mod time_entries;
mod timers;
mod until;
#[cfg(feature = "system-tests")]
mod wakatime;
mod walk;
