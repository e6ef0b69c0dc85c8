//! Tokens.

pub(in crate::postgres) mod name_space;
pub(in crate::postgres) mod rows;
pub(in crate::postgres) mod token;
