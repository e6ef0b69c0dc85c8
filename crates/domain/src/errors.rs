//! The errors that every feature shares: failures behind a port, and refusals before one.

mod backend;
mod service;

pub use backend::{BackendError, BackendErrorKind, Corrupt};
pub use service::ServiceError;
