//! Tokens.

pub(in crate::postgres) mod token;
