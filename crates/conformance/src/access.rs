//! Tokens and secrets.

pub mod secrets;
pub mod token;
