//! How to reach a server: everything between `database.url` and a session that may be used. It takes what libpq takes
//! (its two forms of text, its environment, its files) and gives what tokio-postgres needs.
//!
//! tokio-postgres gets one host and one address at a time, because it cannot do what depends on them: a time limit for
//! the whole login, a password per host, the fall-backs of `sslmode`, and every kind of `target_session_attrs`.
//!
//! Deliberately absent: GSSAPI, OAuth, replication, keys with a password, and a text in anything but UTF-8. Such
//! options are refused, never ignored, where somebody may rely on them. Nothing is cached: files of certificates and
//! passwords are read for each connection, so that a new one is found without a restart.

mod attempt;
mod environment;
mod error;
mod fitting;
mod hosts;
mod options;
mod password_file;
mod service_file;
mod target;
mod text;
mod tls;

pub(super) use error::NotUnderstood;
pub(super) use target::Target;

/// What drives a connection until its client is dropped: a future that the caller spawns, or gives to Diesel.
pub(super) type Driver = tokio_postgres::Connection<tokio_postgres::Socket, tls::Stream>;
