//! Why a text is not understood, and why no server was reached. No message quotes a password: the text is quoted
//! nowhere, and a value only where it cannot be a part of a password.

use std::error::Error as _;
use std::fmt;

use thiserror::Error;

/// The text, the environment or a service file says something that is not understood or not supported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NotUnderstood {
    #[error("a `%` is not followed by two hexadecimal digits of a UTF-8 character: write `%` as `%25`")]
    Percent,
    #[error("a host has an `@`: write it as `%40` in a user or a password")]
    At,
    #[error("an IPv6 address is not `[ADDRESS]` or `[ADDRESS]:PORT`")]
    Brackets,
    #[error("an option is not `name=value`")]
    Option,
    #[error("a quoted value has no end")]
    Quote,
    #[error("there is no option {0:?}")]
    Unknown(String),
    #[error("{name} is {value:?}, but must be {expected}")]
    Value { name: &'static str, value: String, expected: String },
    #[error("a port is not a number from 1 to 65535")]
    Port,
    #[error("there are {addresses} addresses in hostaddr, but {hosts} hosts")]
    Addresses { hosts: usize, addresses: usize },
    #[error("there are {ports} ports, but {hosts} hosts")]
    Ports { hosts: usize, ports: usize },
    #[error("{name} is not supported: {why}")]
    Unsupported { name: &'static str, why: &'static str },
    #[error("no user is named, and the system does not tell the name of this process's user")]
    User,
    #[error("sslmode={mode} is too weak for {option}: use {stronger}")]
    Weak { mode: &'static str, option: &'static str, stronger: &'static str },
    #[error("service {service:?} is in no service file")]
    NoService { service: String },
    #[error("service file {file}, line {line}: {what}")]
    ServiceLine { file: String, line: usize, what: &'static str },
    #[error("service file {file} cannot be read: {why}")]
    ServiceFile { file: String, why: String },
}

/// No server was reached that fits: every attempt, in the order in which they were made.
#[derive(Debug)]
pub(crate) struct NotConnected(pub(super) Vec<Failure>);

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// `"db.example" (10.0.0.1), port 5432`.
    pub(super) place: String,
    pub(super) cause: Cause,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server refused, with its message and its SQLSTATE.
    Refused { message: String, sqlstate: String },
    /// The server is there, but not the kind that was asked for.
    Unfit(&'static str),
    /// The network, the time limit, TLS or a file.
    Other(String),
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection to Postgres")?;
        for (at, failure) in self.0.iter().enumerate() {
            // Both passes of prefer-standby may fail in the same way.
            if !self.0[..at].contains(failure) {
                write!(f, "{} {}: {}", if at == 0 { ":" } else { ";" }, failure.place, failure.cause)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for NotConnected {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, sqlstate } => write!(f, "{message} (SQLSTATE {sqlstate})"),
            Self::Unfit(why) => f.write_str(why),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl Cause {
    /// Whether the server does not let this user in, this way.
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Self::Refused { sqlstate, .. } if sqlstate.starts_with("28"))
    }
}

impl From<tokio_postgres::Error> for Cause {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(refusal) = error.as_db_error() {
            let mut message = format!("{}: {}", refusal.severity(), refusal.message());
            for more in [refusal.detail(), refusal.hint()].into_iter().flatten() {
                message = format!("{message} ({more})");
            }
            return Self::Refused { message, sqlstate: refusal.code().code().to_owned() };
        }
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        Self::Other(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_is_told_once() {
        let failure = |place: &str, cause| Failure { place: place.to_owned(), cause };
        let refused = Cause::Refused { message: "FATAL: no".to_owned(), sqlstate: "28P01".to_owned() };
        let dead = failure("\"a\", port 1", Cause::Other("connection refused".to_owned()));
        let error = NotConnected(vec![dead.clone(), failure("\"b\", port 2", refused), dead]);
        let told = "no connection to Postgres: \"a\", port 1: connection refused; \
                    \"b\", port 2: FATAL: no (SQLSTATE 28P01)";
        assert_eq!(error.to_string(), told);
    }
}
