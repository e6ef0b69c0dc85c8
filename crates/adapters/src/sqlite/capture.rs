//! Pings, their queue, and the bound on new projects.

pub(in crate::sqlite) mod new_project;
pub(in crate::sqlite) mod ping;
pub(in crate::sqlite) mod ping_queue;
