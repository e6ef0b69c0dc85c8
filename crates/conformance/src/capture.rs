//! Pings: their queue, the time that they prove, and the bound on new projects.

pub mod new_project;
pub mod ping;
pub mod ping_queue;
