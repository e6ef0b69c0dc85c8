//! Whether somebody still waits for a long operation, which can ask between two of its statements.

use std::sync::{Arc, Weak};

/// Represents a caller. It waits for as long as this value exists.
#[derive(Debug, Default)]
pub(crate) struct Caller(Arc<()>);

/// An operation's view of its [`Caller`].
#[derive(Debug, Clone)]
pub(crate) struct Waiting(Weak<()>);

impl Caller {
    /// The view to hand to an operation.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting(Arc::downgrade(&self.0))
    }
}

impl Waiting {
    /// Whether the caller is gone.
    pub(crate) fn no_longer(&self) -> bool {
        self.0.strong_count() == 0
    }
}
