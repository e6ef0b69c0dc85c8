//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a service has open beside its clients: connections to the database and to Redis, files, sockets that listen.
const BESIDES: u64 = 256;

/// Raises the limit as far as it may be raised. Sessions and service managers begin with a low one, so that programs which
/// cannot deal with more go on working; this can.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        let (soft, hard) = (limit.current, limit.maximum);
        tracing::warn!(%error, soft, hard, "cannot raise the limit of open files");
    }
}

/// The most that this process may have open, when that is less than so many connections need.
pub(crate) fn too_few_for(connections: usize) -> Option<u64> {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    getrlimit(Resource::Nofile).maximum.filter(|most| *most < needed)
}
