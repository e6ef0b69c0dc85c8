//! Pings, the queue that they wait in, and the jobs that they have made.

pub(in crate::sqlite) mod new_project;
pub(in crate::sqlite) mod ping;
pub(in crate::sqlite) mod ping_queue;
