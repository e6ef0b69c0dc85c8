//! Tokens.

pub(in crate::memory) mod token;
