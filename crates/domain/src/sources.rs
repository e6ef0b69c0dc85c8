//! Where use cases have the time and new ids from.

use std::sync::Arc;

use crate::{Clock, IdGenerator};

/// The clock and the ids of all use cases.
#[derive(Clone)]
pub struct Sources {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdGenerator>,
}
