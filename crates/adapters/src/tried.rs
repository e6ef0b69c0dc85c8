//! The result of a trial write, shared for one second among all callers: a trial costs as much as a write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stint_domain::BackendError;
use tokio::sync::Mutex;

/// How long a result is reused.
const STANDS: Duration = Duration::from_secs(1);

/// The last result. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried(Arc<Mutex<Option<Trial>>>);

/// When a trial ended, and its result.
type Trial = (Instant, Result<(), BackendError>);

impl Tried {
    /// Returns the result of a trial that is less than a second old, or runs `trial`. A caller that arrives while
    /// another one runs a trial waits for that result.
    pub(crate) async fn now_or_lately(
        &self,
        trial: impl Future<Output = Result<(), BackendError>>,
    ) -> Result<(), BackendError> {
        let mut last = self.0.lock().await;
        if let Some((at, result)) = last.as_ref()
            && at.elapsed() < STANDS
        {
            return result.clone();
        }
        let result = trial.await;
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::BackendErrorKind;

    use super::*;

    #[tokio::test]
    async fn an_outcome_stands_for_others_whatever_it_was() {
        for result in [Ok(()), Err(BackendError::new("test", BackendErrorKind::Unavailable, "read-only"))] {
            let tried = Tried::default();
            let is_ok = result.is_ok();
            assert_eq!(tried.now_or_lately(async { result }).await.is_ok(), is_ok);
            let shared = tried.clone().now_or_lately(async { panic!("it was tried again") }).await;
            assert_eq!(shared.is_ok(), is_ok);
        }
    }

    #[tokio::test]
    async fn an_old_outcome_is_made_anew() {
        let tried = Tried::default();
        let long_ago = Instant::now().checked_sub(STANDS).unwrap();
        *tried.0.lock().await = Some((long_ago, Ok(())));
        let fails = async { Err(BackendError::new("test", BackendErrorKind::Unavailable, "read-only")) };
        tried.now_or_lately(fails).await.unwrap_err();
    }
}
