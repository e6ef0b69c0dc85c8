//! The binary as users run it, the whole product over HTTP, and the rules of the repository.

#![allow(clippy::unwrap_used)]

mod another_binary;
mod api;
mod architecture;
mod commands;
#[cfg(feature = "system-tests")]
mod readme;
mod support;
