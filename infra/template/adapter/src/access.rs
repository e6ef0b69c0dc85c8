//! Tokens.

mod token;
