//! A connection as the HTTP server sees it: what it reads came through [`Requests`], and whoever does not take what it
//! writes is cut off in the end.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use stint_web::BodyWanted;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::counted::Open;
use super::places::Place;
use super::requests::Requests;
use super::requests::head::Refusal;
use super::socket::Transport;
use super::worker::Worker;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
const MALFORMED: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// How much of what a refused client goes on to send is read, so that the connection ends in order: closed with some of
/// it unread, the kernel would take back the answer.
const HEARD: usize = 64 * 1024;
/// How long that may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the rest of a body is read whose request has its answer: a client that sends all of it before it reads may
/// need that. The HTTP server has a timer for it, which does not come to its turn as long as bytes come at full speed.
const BEHIND: Duration = Duration::from_secs(1);
/// How long an answer may be stuck once the service is about to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// One connection.
pub(super) struct Stream<T> {
    inner: T,
    place: Place,
    worker: Rc<Worker>,
    requests: Requests,
    wanted: BodyWanted,
    /// What this itself says before all else.
    saying: &'static [u8],
    /// What it says behind all answers, before the connection is shut down.
    last_words: &'static [u8],
    /// Whether nothing more is read.
    refused: bool,
    /// What is still read of a refused client when it has been told, and until when.
    hearing: Option<(usize, Pin<Box<Sleep>>)>,
    /// Since when the client has taken nothing of what there is for it.
    stuck: Option<Instant>,
    patience: Option<Pin<Box<Sleep>>>,
    /// Whether nothing is read until an answer goes out.
    parked: bool,
    /// Until when the rest of an answered request's body is read.
    behind: Option<Instant>,
    /// Whether others have their turn before more of that is read.
    yields: bool,
    _open: Open,
}

impl<T: Transport> Stream<T> {
    pub(super) fn new(inner: T, place: Place, worker: Rc<Worker>) -> Self {
        let wanted = BodyWanted::default();
        let requests = Requests::new(wanted.clone());
        let open = worker.counted.open();
        Self {
            inner,
            place,
            worker,
            requests,
            wanted,
            saying: b"",
            last_words: b"",
            refused: false,
            hearing: None,
            stuck: None,
            patience: None,
            parked: false,
            behind: None,
            yields: false,
            _open: open,
        }
    }

    /// By which a handler says that it waits for the body.
    pub(super) fn wanted(&self) -> BodyWanted {
        self.wanted.clone()
    }

    /// An error once another connection has the place.
    fn has_place(&self) -> io::Result<()> {
        if self.place.is_lost() {
            self.worker.counted.cut_off_for_another();
            self.inner.forget();
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Says what there is to say. Nothing else is on its way then.
    fn say(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.saying.is_empty() {
            match Pin::new(&mut self.inner).poll_write(cx, self.saying)? {
                Poll::Ready(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(said) => self.saying = &self.saying[said..],
                Poll::Pending => return self.waits(cx).map(Err),
            }
            self.goes_on();
        }
        Poll::Ready(Ok(()))
    }

    /// Reads no more: to the parser this is the end of what the client sends. Answers on their way still go out, and then
    /// the client is told why.
    fn refuse(&mut self, refusal: Refusal) {
        if refusal != Refusal::TooLate {
            self.worker.counted.malformed.seen();
        }
        self.refused = true;
        self.requests.forget();
        self.last_words = match refusal {
            Refusal::BareLineFeed | Refusal::NoRequest => MALFORMED,
            Refusal::TooLarge => TOO_LARGE,
            // Its request has an answer, or gets one that says that the body did not arrive whole.
            Refusal::BrokenBody | Refusal::TooLate => b"",
        };
    }

    /// Hears a refused client out, up to a point. Whether it reads its answer is its own affair.
    fn hear_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = || (0, Box::pin(sleep_until(Instant::now() + FAREWELL)));
        let (heard, patience) = self.hearing.get_or_insert_with(until);
        let mut memory = [0; 1024];
        while *heard < HEARD && patience.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut memory);
            match ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *heard += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }

    /// The client takes something of an answer.
    fn moves(&mut self, bytes: &[u8], cx: &Context<'_>) {
        self.requests.answered(bytes);
        self.place.answered();
        if self.requests.are_over() {
            self.place.rests(cx.waker());
        }
        self.goes_on();
        if std::mem::take(&mut self.parked) {
            cx.waker().wake_by_ref();
        }
    }

    fn goes_on(&mut self) {
        if self.stuck.take().is_some() {
            self.place.moves();
        }
    }

    /// The client takes nothing: an error once it has not for too long.
    fn waits(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let since = *self.stuck.get_or_insert_with(Instant::now);
        self.place.stuck(since, cx.waker());
        let limit = if self.worker.is_stopping() { STOPPING } else { self.worker.write_timeout };
        let until = since + limit;
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if patience.deadline() != until {
            patience.as_mut().reset(until);
        }
        ready!(patience.as_mut().poll(cx));
        self.worker.counted.cut_off_unread();
        self.inner.forget();
        Poll::Ready(io::Error::new(ErrorKind::TimedOut, "the client reads nothing"))
    }
}

impl<T: Transport> AsyncRead for Stream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.has_place()?;
        if this.requests.take_expectation() {
            this.saying = CONTINUE;
        }
        if let Poll::Ready(Err(error)) = this.say(cx) {
            return Poll::Ready(Err(error));
        }
        if this.refused {
            return Poll::Ready(Ok(()));
        }
        if this.requests.are_behind_an_answer() {
            if std::mem::take(&mut this.yields) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let now = Instant::now();
            if now >= *this.behind.get_or_insert(now + BEHIND) {
                this.refused = true;
                this.requests.forget();
                return Poll::Ready(Ok(()));
            }
            this.yields = true;
        } else {
            this.behind = None;
        }
        let stuck = this.stuck.is_some();
        loop {
            match this.requests.release(buffer, stuck) {
                Ok(true) => break,
                Ok(false) => {}
                Err(refusal) => {
                    this.refuse(refusal);
                    return Poll::Ready(Ok(()));
                }
            }
            this.requests.listen(cx.waker());
            if !this.requests.may_grow(stuck) {
                this.parked = true;
                return Poll::Pending;
            }
            let start = buffer.filled().len();
            if Pin::new(&mut this.inner).poll_read(cx, buffer)?.is_pending() {
                if this.requests.are_over() && !stuck {
                    this.place.rests(cx.waker());
                }
                return Poll::Pending;
            }
            if buffer.filled().len() == start {
                return Poll::Ready(Ok(()));
            }
            match this.requests.take(buffer, start, stuck) {
                Ok(true) => break,
                Ok(false) => {}
                Err(refusal) => {
                    buffer.set_filled(start);
                    this.refuse(refusal);
                    return Poll::Ready(Ok(()));
                }
            }
        }
        this.place.works();
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.has_place()?;
        ready!(this.say(cx))?;
        match Pin::new(&mut this.inner).poll_write(cx, bytes) {
            Poll::Pending => this.waits(cx).map(Err),
            done @ Poll::Ready(_) => {
                this.moves(bytes, cx);
                done
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.say(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.say(cx))?;
        let last_words = std::mem::take(&mut this.last_words);
        if !this.requests.had_last_answer() {
            this.saying = last_words;
        }
        ready!(this.say(cx))?;
        if this.hearing.is_none() {
            ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
        }
        if this.refused {
            ready!(this.hear_out(cx));
        }
        Poll::Ready(Ok(()))
    }
}
