//! Pings, the tokens that send them, and the protocol of WakaTime's plugins.

pub(in crate::api) mod capture_tokens;
pub(in crate::api) mod ping;
pub(in crate::api) mod pings;
pub(in crate::api) mod wakatime;
