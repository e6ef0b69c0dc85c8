//! How long a client may take nothing of the bytes that wait for it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Measures how long a client has taken nothing.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When the kernel first had no room for more. None while the client takes what it gets.
    stuck_since: Option<Instant>,
    /// Most connections never need it. Who needed it once keeps it.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// Whether the client takes nothing at the moment.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck_since.is_some()
    }

    /// Notes that the client takes nothing, and says since when.
    pub(super) fn stuck(&mut self) -> Instant {
        *self.stuck_since.get_or_insert_with(Instant::now)
    }

    /// Notes that the client took something. Says whether it was stuck before.
    pub(super) fn moved(&mut self) -> bool {
        self.stuck_since.take().is_some()
    }

    /// Is ready when the client has taken nothing for as long as `limit`.
    pub(super) fn poll_over(&mut self, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.stuck() + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_something_now_and_then_is_never_given_up() {
        const LIMIT: Duration = Duration::from_millis(20);
        let mut patience = Patience::default();
        for _ in 0..2 {
            let begun = patience.stuck();
            poll_fn(|cx| patience.poll_over(LIMIT, cx)).await;
            assert!(begun.elapsed() >= LIMIT && patience.is_stuck());
            assert!(patience.moved() && !patience.is_stuck());
            assert!(!patience.moved(), "it was not stuck any more");
        }
        let hour = Duration::from_hours(1);
        assert!(poll_fn(|cx| patience.poll_over(hour, cx)).now_or_never().is_none());
    }
}
