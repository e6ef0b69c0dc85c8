//! How much is read of a body whose request already has its answer.
//!
//! A client that sends all of its body before it reads the answer needs that. The HTTP server has a time-out for it, which
//! is never looked at while bytes come at full speed, so this has one of its own.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

/// How long such a body is read.
const LIMIT: Duration = Duration::from_secs(1);

/// The reading of one such body.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// When it has been read for long enough. None before the first read.
    until: Option<Instant>,
    /// Whether it was read last time, so that other connections have their turn now.
    yields: bool,
}

impl Rest {
    /// Whether more of it may be read. Pending, and woken at once, every other time.
    pub(super) fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<bool> {
        if std::mem::take(&mut self.yields) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let now = Instant::now();
        self.yields = now < *self.until.get_or_insert(now + LIMIT);
        Poll::Ready(self.yields)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test]
    async fn others_have_every_other_turn_and_it_ends() {
        let cx = &Context::from_waker(Waker::noop());
        let mut rest = Rest::default();
        for _ in 0..2 {
            assert_eq!([rest.poll_turn(cx), rest.poll_turn(cx)], [Poll::Ready(true), Poll::Pending]);
        }
        rest.until = Some(Instant::now());
        assert_eq!(rest.poll_turn(cx), Poll::Ready(false));
    }
}
