//! Decorators that cache a port's answers, within the limits of the port's duties.
//!
//! Two things are cached. Tokens are, because each request needs one, and their port allows an answer to be a few
//! seconds old. Admitted projects are, because an admission lasts for the day. Jobs and entries must be read in their
//! last committed state, so nothing caches them.

mod new_project;
mod token;

pub use new_project::CachedProjects;
pub use token::CachedTokens;
