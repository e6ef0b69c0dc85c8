//! The outcome of a task that was started for a caller.

use std::any::Any;

use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::JoinError;

/// The error of a task that ended without an outcome: a panic is [`Internal`](BackendErrorKind::Internal).
pub(crate) fn aborted(backend: &'static str, error: JoinError) -> BackendError {
    match error.try_into_panic() {
        Ok(panic) => {
            let message = format!("a panic below the port: {}", panic_message(panic.as_ref()));
            BackendError::new(backend, BackendErrorKind::Internal, message)
        }
        // The runtime shut down. What the task had done by then is not known.
        Err(cancelled) => BackendError::new(backend, BackendErrorKind::Timeout, cancelled),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
