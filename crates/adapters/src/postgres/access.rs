//! Tokens.

pub(in crate::postgres) mod rows;
pub(in crate::postgres) mod token;
