//! Pings, the queue that they wait in, and the jobs that they have made.

pub(in crate::memory) mod new_project;
pub(in crate::memory) mod ping;
pub(in crate::memory) mod ping_queue;
