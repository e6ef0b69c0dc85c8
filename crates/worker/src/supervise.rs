//! Restarts background work after a panic: nobody waits for the work, so nobody would notice.

use tokio::task::{JoinError, JoinSet};

use crate::backoff::Backoff;
use crate::shutdown::Shutdown;

/// Runs the future that `work` makes. Makes it again after a panic, until it ends by itself.
pub async fn supervise<F>(name: &'static str, shutdown: Shutdown, work: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut failures = 0;
    loop {
        // It ends when this is dropped.
        let mut running = JoinSet::new();
        running.spawn(work());
        let Some(Err(panic)) = running.join_next().await else { return };
        failures += 1;
        tracing::error!(name, panic = panicked(panic), failures, "background work panicked");
        shutdown.sleep(Backoff::default().after(failures)).await;
        if shutdown.is_requested() {
            return;
        }
    }
}

/// The message of a panic.
pub(crate) fn panicked(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "cancelled".to_owned() };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::shutdown::Stop;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_started_again() {
        let (_stop, shutdown) = Stop::new();
        let starts = Arc::new(AtomicU32::new(0));
        let work = || {
            let starts = starts.clone();
            async move { assert!(starts.fetch_add(1, Ordering::Relaxed) >= 2, "not yet") }
        };
        supervise("test", shutdown, work).await;
        assert_eq!(starts.load(Ordering::Relaxed), 3);
    }
}
