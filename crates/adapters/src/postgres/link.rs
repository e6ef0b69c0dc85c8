//! A way to the database, as a retry sees it.

use diesel::result::Error;
use stint_domain::BackendError;

use super::error::Fault;

/// A way to the database, whose connection can be replaced.
pub(super) trait Link {
    type Connection;

    /// The connection. It is opened if need be.
    fn connection(&mut self) -> impl Future<Output = Result<&mut Self::Connection, BackendError>> + Send;

    /// What `error` means for its statement.
    fn fault(&self, error: &Error) -> impl Future<Output = Fault> + Send;

    /// Replaces what such a failure requires, and tells whether the next connection will be a new one.
    fn failed(&mut self, fault: Fault) -> bool;
}
