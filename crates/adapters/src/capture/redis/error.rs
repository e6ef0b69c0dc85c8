//! What failures of Redis mean to a caller: the one place where they are classified.
//!
//! Only the place that sent a write knows whether it may have happened (see [`super::session`]).

use ::redis::{ErrorKind, RedisError, ServerErrorKind};
use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;

/// The name of this backend in errors.
pub(super) const BACKEND: &str = "redis";

/// Why there is no connection, without the URL's secrets: a server that does not support AUTH repeats what it was
/// sent, and a password that was not encoded may be taken for an address.
#[derive(Debug, Clone, Error)]
#[error("cannot connect to {address}: {reason}")]
pub(super) struct NotConnected {
    pub(super) address: String,
    pub(super) reason: String,
}

/// The cause of a failure after which the write may have happened all the same.
#[derive(Debug, Error)]
#[error("the answer to a write was lost")]
pub(super) struct InDoubt(#[source] pub(super) std::sync::Arc<dyn std::error::Error + Send + Sync>);

/// The first words of answers that mean: not now, or not for this user.
const UNAVAILABLE: [&str; 14] = [
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "EXECABORT",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOPERM",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
];

/// The error for a failed command.
pub(super) fn backend_error(error: RedisError) -> BackendError {
    BackendError::new(BACKEND, kind(&error), error)
}

fn kind(error: &RedisError) -> BackendErrorKind {
    match error.kind() {
        _ if error.is_timeout() => BackendErrorKind::Timeout,
        ErrorKind::Io | ErrorKind::AuthenticationFailed => BackendErrorKind::Unavailable,
        _ if error.is_cluster_error() || code_is_of(error, &UNAVAILABLE) => BackendErrorKind::Unavailable,
        _ => BackendErrorKind::Internal,
    }
}

/// Whether the connection must be replaced: it is broken, it is not known which command its next answer belongs to,
/// or it leads to a server that should no longer be used.
pub(super) fn is_spent(error: &RedisError) -> bool {
    is_lost(error)
        || error.kind() == ErrorKind::Parse
        || error.is_cluster_error()
        || code_is_of(error, &["MASTERDOWN", "MOVED", "NOAUTH", "READONLY"])
}

/// Whether it is not known if the command was carried out.
pub(super) fn is_lost(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io
}

/// Whether there is no consumer group: nobody has taken yet, or somebody has just removed the stream.
pub(super) fn is_without_group(error: &RedisError) -> bool {
    code_is_of(error, &["NOGROUP", "UNBLOCKED"])
}

fn code_is_of(error: &RedisError, codes: &[&str]) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ExecAbort) => codes.contains(&"EXECABORT"),
        _ => match error.code() {
            Some("ERR") | None => {
                // In the error of a pipeline or a script, the code may be anywhere in the text.
                let text = error.to_string();
                text.split(|c: char| !c.is_ascii_uppercase()).any(|word| codes.contains(&word))
            }
            Some(code) => codes.contains(&code),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(answer: &str) -> RedisError {
        let (code, detail) = answer.split_once(' ').unwrap();
        ::redis::make_extension_error(code.to_owned(), Some(detail.to_owned()))
    }

    #[test]
    fn what_a_server_cannot_do_now_is_unavailable_and_the_rest_is_a_defect() {
        for answer in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.",
            "NOAUTH Authentication required.",
            "NOREPLICAS Not enough good replicas to write.",
            "READONLY You can't write against a read only replica.",
            "LOADING Redis is loading the dataset in memory",
            "MOVED 3999 127.0.0.1:6381",
        ] {
            assert_eq!(kind(&error(answer)), BackendErrorKind::Unavailable, "{answer}");
        }
        for answer in ["WRONGTYPE Operation against a key holding the wrong kind of value", "ERR unknown command"] {
            assert_eq!(kind(&error(answer)), BackendErrorKind::Internal, "{answer}");
        }
        assert!(is_spent(&error("READONLY You can't write against a read only replica.")));
        assert!(is_without_group(&error("NOGROUP No such key 'x' or consumer group 'y'")));
        assert!(!is_without_group(&error("ERR no NO GROUP")));
    }
}
