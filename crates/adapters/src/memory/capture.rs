//! Pings, their queue, and the bound on new projects.

pub(in crate::memory) mod new_project;
pub(in crate::memory) mod ping;
pub(in crate::memory) mod ping_queue;
