//! Work that nobody asks for in a request: scheduled tasks and housekeeping.

pub mod ports;
pub mod services;
