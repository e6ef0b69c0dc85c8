//! Lines about requests, which one HTTP thread writes all at once at the end of each turn of its event loop. Written one by
//! one, they took a tenth of the service's processor time. All other lines are written when they are logged, behind those
//! that wait, and so is everything on other threads.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, Write};
use std::task::{Poll, Waker};

use tokio::task::yield_now;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// How many bytes wait at most.
const FULL: usize = 16 * 1024;

thread_local! {
    static WAITING: RefCell<Waiting> = const { RefCell::new(Waiting { lines: Vec::new(), end: None }) };
}

/// The lines of this turn on one thread.
#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Has them written at the end of the turn. Where nobody does that, none wait.
    end: Option<Waker>,
}

impl Waiting {
    fn add(&mut self, line: &[u8], may_wait: bool, out: &mut impl Write) -> io::Result<()> {
        let Some(end) = self.end.as_ref().filter(|_| may_wait) else {
            self.write(out)?;
            return out.write_all(line);
        };
        if self.lines.is_empty() {
            end.wake_by_ref();
        }
        self.lines.extend_from_slice(line);
        if self.lines.len() < FULL { Ok(()) } else { self.write(out) }
    }

    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        let written = if self.lines.is_empty() { Ok(()) } else { out.write_all(&self.lines) };
        self.lines.clear();
        written
    }
}

/// Lets lines about requests wait for the end of each turn of this thread, as long as it runs.
pub(crate) async fn write_at_ends() {
    let _last = Last;
    loop {
        poll_fn(|cx| {
            WAITING.with_borrow_mut(|waiting| {
                waiting.end = Some(cx.waker().clone());
                if waiting.lines.is_empty() { Poll::Pending } else { Poll::Ready(()) }
            })
        })
        .await;
        // Until all that could go on in this turn has gone on.
        yield_now().await;
        // Nobody is left to be told that the log cannot be written.
        let _ = WAITING.with_borrow_mut(|waiting| waiting.write(&mut io::stderr()));
    }
}

/// No turn comes after it.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        // Where the thread's memory is gone, nothing waits.
        let _ = WAITING.try_with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            waiting.end = None;
            waiting.write(&mut io::stderr())
        });
    }
}

/// Where lines are written.
pub(super) struct Lines;

/// Where one line is written.
pub(super) struct Line {
    may_wait: bool,
}

impl MakeWriter<'_> for Lines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { may_wait: false }
    }

    fn make_writer_for(&self, event: &Metadata<'_>) -> Line {
        Line { may_wait: event.target() == "stint::access" }
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut out = io::stderr();
        match WAITING.try_with(|waiting| waiting.borrow_mut().add(line, self.may_wait, &mut out)) {
            Ok(added) => added?,
            Err(_thread_ends) => out.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn lines_of_requests_wait_for_the_end_of_a_turn_and_others_are_written_behind_them() {
        let woken = Arc::new(Woken::default());
        let mut waiting = Waiting { end: Some(Arc::clone(&woken).into()), ..Waiting::default() };
        let mut out = Vec::new();
        for line in ["1\n", "2\n"] {
            waiting.add(line.as_bytes(), true, &mut out).unwrap();
        }
        assert!(out.is_empty());
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "the end of a turn comes once");
        waiting.add(b"3\n", false, &mut out).unwrap();
        assert_eq!(out, b"1\n2\n3\n");
        waiting.add(&[b'4'; FULL], true, &mut out).unwrap();
        assert_eq!(out.len(), 6 + FULL, "no more than so much waits");
        waiting.add(b"5\n", true, &mut out).unwrap();
        waiting.write(&mut out).unwrap();
        assert!(out.ends_with(b"5\n") && waiting.lines.is_empty());
    }

    #[test]
    fn where_no_turns_end_nothing_waits() {
        let (mut waiting, mut out) = (Waiting::default(), Vec::new());
        waiting.add(b"1\n", true, &mut out).unwrap();
        assert_eq!(out, b"1\n");
    }
}
