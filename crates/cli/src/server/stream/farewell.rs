//! How a connection ends when this service reads no more of it.
//!
//! The client may be told why, after all answers. Then some of what it still sends is read and thrown away: if the
//! connection were closed with bytes unread, the kernel would take back answers that the client has not read yet.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::requests::head::Refusal;

const MALFORMED: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// How many bytes are read and thrown away.
const MOST: usize = 64 * 1024;
/// How long that may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The end of one connection.
#[derive(Debug, Default)]
pub(super) struct Farewell {
    /// The answer to what was refused. Empty when there is none to give.
    refusal: &'static [u8],
    /// How many bytes were thrown away.
    discarded: usize,
    /// Runs from when the connection was shut down.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Farewell {
    /// What came is refused.
    pub(super) fn refusing(refusal: Refusal) -> Self {
        let refusal = match refusal {
            Refusal::BareLineFeed | Refusal::NoRequest => MALFORMED,
            Refusal::TooLarge => TOO_LARGE,
            // The request of a broken body has an answer, or its handler is about to give one.
            Refusal::BrokenBody | Refusal::TooLate => b"",
        };
        Self { refusal, ..Self::default() }
    }

    /// What is to be said before the connection is shut down. It is said once.
    pub(super) fn take_refusal(&mut self) -> &'static [u8] {
        std::mem::take(&mut self.refusal)
    }

    /// Whether the connection was shut down, and bytes are thrown away.
    pub(super) fn has_begun(&self) -> bool {
        self.timer.is_some()
    }

    /// Throws away what still comes. Is ready when the client has ended, or when that was enough.
    pub(super) fn poll_discard(&mut self, mut from: impl AsyncRead + Unpin, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + LIMIT)));
        let mut memory = [0; 1024];
        while self.discarded < MOST && timer.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut memory);
            match ready!(Pin::new(&mut from).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.discarded += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, repeat};

    use super::*;

    #[tokio::test]
    async fn what_still_comes_is_thrown_away_to_its_end_or_up_to_a_bound() {
        for (comes, thrown_away) in [(10, 10), (MOST * 2, MOST)] {
            let mut from = repeat(b'x').take(comes as u64);
            let mut farewell = Farewell::refusing(Refusal::TooLarge);
            poll_fn(|cx| farewell.poll_discard(&mut from, cx)).await;
            assert_eq!(farewell.discarded, thrown_away);
        }
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_and_stays_is_waited_for_and_then_left() {
        let (mut silent, _client) = tokio::io::duplex(1);
        let mut farewell = Farewell::default();
        assert!(poll_fn(|cx| farewell.poll_discard(&mut silent, cx)).now_or_never().is_none());
        farewell.timer = Some(Box::pin(sleep_until(Instant::now())));
        poll_fn(|cx| farewell.poll_discard(&mut silent, cx)).await;
    }

    #[test]
    fn a_refusal_is_said_once() {
        let mut farewell = Farewell::refusing(Refusal::BareLineFeed);
        assert_eq!([farewell.take_refusal(), farewell.take_refusal()], [MALFORMED, b""]);
    }
}
