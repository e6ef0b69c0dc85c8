//! How background work is told to end, and how long it may still take.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Tells all background work to end. Dropping it does so, too.
#[derive(Debug)]
pub struct Stop(watch::Sender<Option<Instant>>);

/// Whether background work has to end. Clones are told together.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<Option<Instant>>);

impl Stop {
    /// Makes both ends.
    pub fn new() -> (Self, Shutdown) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Shutdown(receiver))
    }

    /// Tells background work to end. Repeating this has no effect.
    pub fn request(&self) {
        self.0.send_if_modified(|requested| {
            let first = requested.is_none();
            requested.get_or_insert_with(Instant::now);
            first
        });
    }
}

impl Shutdown {
    /// Whether it was told to end.
    pub fn is_requested(&self) -> bool {
        self.0.borrow().is_some() || self.0.has_changed().is_err()
    }

    /// Waits until it is told to end.
    pub async fn requested(&self) {
        self.overdue(Duration::ZERO).await;
    }

    /// Waits until `grace` has passed since it was told to end.
    pub async fn overdue(&self, grace: Duration) {
        let mut receiver = self.0.clone();
        let requested = match receiver.wait_for(Option::is_some).await {
            Ok(requested) => *requested,
            // The sender is gone, so it counts as told.
            Err(_) => None,
        };
        sleep_until(requested.unwrap_or_else(Instant::now) + grace).await;
    }

    /// Waits this long, or until it is told to end.
    pub async fn sleep(&self, duration: Duration) {
        tokio::select! {
            () = self.requested() => {}
            () = sleep(duration) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_grace_counts_from_the_request() {
        let (stop, shutdown) = Stop::new();
        assert!(!shutdown.is_requested());
        stop.request();
        assert!(shutdown.is_requested());
        sleep(Duration::from_secs(8)).await;
        let before = Instant::now();
        stop.request();
        shutdown.overdue(Duration::from_secs(10)).await;
        assert_eq!(before.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_with_the_request() {
        let (stop, shutdown) = Stop::new();
        let before = Instant::now();
        shutdown.sleep(Duration::from_secs(5)).await;
        assert_eq!(before.elapsed().as_secs(), 5);
        drop(stop);
        assert!(shutdown.is_requested());
        shutdown.sleep(Duration::from_secs(5)).await;
        assert_eq!(before.elapsed().as_secs(), 5);
    }
}
