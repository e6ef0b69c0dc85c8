//! Decorators that remember what a port said, within the bounds that the port's duties leave.
//!
//! Only tokens are remembered: each request needs one, and its port allows an answer to be a few seconds old. Jobs and
//! entries are read as of their last committed write, so nothing caches them.

mod token;

pub use token::CachedTokens;
