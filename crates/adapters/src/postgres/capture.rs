//! Pings, the queue that they wait in, and the jobs that they have made.

pub(in crate::postgres) mod new_project;
pub(in crate::postgres) mod ping;
pub(in crate::postgres) mod ping_queue;
