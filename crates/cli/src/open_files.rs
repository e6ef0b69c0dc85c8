//! The limit of open files and connections of this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Room for everything but clients: connections to the database and to Redis, files, listening sockets.
const BESIDES: u64 = 256;

/// Raises the soft limit to the hard limit. Sessions and service managers start with a low soft limit for old programs
/// that cannot handle more; this program can.
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

/// The hard limit, if it is too low for so many connections.
pub(crate) fn too_few_for(connections: usize) -> Option<u64> {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    getrlimit(Resource::Nofile).maximum.filter(|most| *most < needed)
}
