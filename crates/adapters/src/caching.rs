//! Decorators that remember what a port said, within the bounds that the port's duties leave.
//!
//! Tokens are remembered: each request needs one, and its port allows an answer to be a few seconds old; and that a project
//! was admitted, which it stays for the day. Jobs and entries are read as of their last committed write, so nothing caches
//! them.

mod new_project;
mod token;

pub use new_project::CachedProjects;
pub use token::CachedTokens;
