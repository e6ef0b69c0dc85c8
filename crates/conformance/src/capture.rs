//! Pings: their queue, what they come to, and the jobs they may have made.

pub mod new_project;
pub mod ping;
pub mod ping_queue;
