//! Tokens.

pub(in crate::sqlite) mod token;
