//! The binary as its users meet it, the whole product over HTTP, and the house's own rules.

#![allow(clippy::unwrap_used)]

mod another_binary;
mod api;
mod architecture;
mod commands;
#[cfg(feature = "system-tests")]
mod readme;
mod support;
