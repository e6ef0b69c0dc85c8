//! The result of a trial write, shared for one second among all callers: a trial costs as much as a write.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::BackendError;

/// How long a result is reused.
const STANDS: Duration = Duration::from_secs(1);

/// The last result. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried(Arc<Mutex<Option<Trial>>>);

/// When a trial began, and its result.
type Trial = (Instant, Result<(), BackendError>);

impl Tried {
    /// Returns the result of a trial that is less than a second old, or runs `trial`. A caller that arrives while
    /// another one runs a trial waits for that result.
    pub(crate) fn now_or_lately(&self, trial: impl FnOnce() -> Result<(), BackendError>) -> Result<(), BackendError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, result)) = last.as_ref()
            && at.elapsed() < STANDS
        {
            return result.clone();
        }
        let at = Instant::now();
        let result = trial();
        *last = Some((at, result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::BackendErrorKind;

    use super::*;

    #[test]
    fn an_outcome_stands_for_others_whatever_it_was() {
        for result in [Ok(()), Err(BackendError::new("test", BackendErrorKind::Unavailable, "read-only"))] {
            let tried = Tried::default();
            let is_ok = result.is_ok();
            assert_eq!(tried.now_or_lately(|| result).is_ok(), is_ok);
            let shared = tried.clone().now_or_lately(|| panic!("it was tried again"));
            assert_eq!(shared.is_ok(), is_ok);
        }
    }

    #[test]
    fn an_old_outcome_is_made_anew() {
        let tried = Tried::default();
        let long_ago = Instant::now().checked_sub(STANDS).unwrap();
        *tried.0.lock().unwrap() = Some((long_ago, Ok(())));
        let fails = || Err(BackendError::new("test", BackendErrorKind::Unavailable, "read-only"));
        tried.now_or_lately(fails).unwrap_err();
    }
}
