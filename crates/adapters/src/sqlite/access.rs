//! Tokens.

pub(in crate::sqlite) mod rows;
pub(in crate::sqlite) mod token;
