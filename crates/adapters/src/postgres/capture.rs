//! Pings, their queue, and the bound on new projects.

pub(in crate::postgres) mod new_project;
pub(in crate::postgres) mod ping;
pub(in crate::postgres) mod ping_queue;
