//! What goes wrong whatever is done: behind a port, and before one.

mod backend;
mod service;

pub use backend::{BackendError, BackendErrorKind, Corrupt};
pub use service::ServiceError;
