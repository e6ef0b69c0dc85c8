//! A connection as the HTTP server sees it: an asynchronous stream of bytes between the socket and the parser.
//!
//! What it reads goes through [`Requests`], which holds back what comes too early. What it writes has to be taken by the
//! client in time ([`Patience`]). It also says two things of its own: `100 Continue`, and why it reads no more
//! ([`Farewell`]).

mod farewell;
mod patience;
mod rest;

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use stint_web::BodyWanted;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::farewell::Farewell;
use self::patience::Patience;
use self::rest::Rest;
use super::counted::Open;
use super::places::Place;
use super::requests::Requests;
use super::requests::head::Refusal;
use super::socket::Transport;
use super::worker::Worker;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// How long a client may take nothing when the service is about to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// One connection.
pub(super) struct Stream<T> {
    inner: T,
    place: Place,
    worker: Rc<Worker>,
    requests: Requests,
    /// What the connection says by itself and has not sent yet. It goes out before anything else.
    saying: &'static [u8],
    patience: Patience,
    rest: Rest,
    /// Is there when no more is read: to the parser, the client has ended.
    farewell: Option<Farewell>,
    /// Whether the parser has to be woken when an answer goes out, because nothing is read until then.
    waits_for_answer: bool,
    _open: Open,
}

/// What a read came to.
enum Came {
    /// Bytes for the parser.
    Bytes,
    /// The client sends no more.
    End,
    Refused(Refusal),
}

impl<T: Transport> Stream<T> {
    pub(super) fn new(inner: T, place: Place, worker: Rc<Worker>) -> Self {
        Self {
            inner,
            place,
            requests: Requests::new(BodyWanted::default()),
            saying: b"",
            patience: Patience::default(),
            rest: Rest::default(),
            farewell: None,
            waits_for_answer: false,
            _open: worker.counted.open(),
            worker,
        }
    }

    /// A handler says with it that it waits for the body.
    pub(super) fn wanted(&self) -> BodyWanted {
        self.requests.wanted()
    }

    /// An error if the place was given to another connection.
    fn has_place(&self) -> io::Result<()> {
        if self.place.is_lost() {
            self.worker.counted.cut_off_for_another();
            self.inner.forget();
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Sends what the connection says by itself. No answer is on its way when there is something.
    fn poll_say(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.saying.is_empty() {
            match Pin::new(&mut self.inner).poll_write(cx, self.saying)? {
                Poll::Ready(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(said) => self.saying = &self.saying[said..],
                Poll::Pending => return self.poll_stuck(cx).map(Err),
            }
            self.moved();
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the next bytes for the parser.
    fn poll_bytes(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<Came>> {
        let (stuck, start) = (self.patience.is_stuck(), buffer.filled().len());
        loop {
            match self.requests.release(buffer, stuck) {
                Ok(true) => return Poll::Ready(Ok(Came::Bytes)),
                Ok(false) => {}
                Err(refusal) => return Poll::Ready(Ok(Came::Refused(refusal))),
            }
            self.requests.listen(cx.waker());
            if !self.requests.may_grow(stuck) {
                self.waits_for_answer = true;
                return Poll::Pending;
            }
            if Pin::new(&mut self.inner).poll_read(cx, buffer)?.is_pending() {
                if self.requests.are_over() && !stuck {
                    self.place.rests(cx.waker());
                }
                return Poll::Pending;
            }
            if buffer.filled().len() == start {
                return Poll::Ready(Ok(Came::End));
            }
            match self.requests.take(buffer, start, stuck) {
                Ok(true) => return Poll::Ready(Ok(Came::Bytes)),
                Ok(false) => {}
                Err(refusal) => {
                    buffer.set_filled(start);
                    return Poll::Ready(Ok(Came::Refused(refusal)));
                }
            }
        }
    }

    /// Reads no more. Answers that are on their way still go out.
    fn read_no_more(&mut self, farewell: Farewell) {
        self.farewell = Some(farewell);
        self.requests.forget();
    }

    /// Notes that the client took these bytes of an answer, or the first of them.
    fn answered(&mut self, bytes: &[u8], cx: &Context<'_>) {
        self.requests.answered(bytes);
        self.place.answered();
        if self.requests.are_over() {
            self.place.rests(cx.waker());
        }
        self.moved();
        if std::mem::take(&mut self.waits_for_answer) {
            cx.waker().wake_by_ref();
        }
    }

    /// Notes that the client took something.
    fn moved(&mut self) {
        if self.patience.moved() {
            self.place.moves();
        }
    }

    /// Notes that the client takes nothing. Is ready, with an error, when it has done so for too long.
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.place.stuck(self.patience.stuck(), cx.waker());
        let limit = if self.worker.is_stopping() { STOPPING } else { self.worker.write_timeout };
        ready!(self.patience.poll_over(limit, cx));
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
        if let Poll::Ready(Err(error)) = this.poll_say(cx) {
            return Poll::Ready(Err(error));
        }
        if this.farewell.is_some() {
            return Poll::Ready(Ok(()));
        }
        if !this.requests.are_behind_an_answer() {
            this.rest = Rest::default();
        } else if !ready!(this.rest.poll_turn(cx)) {
            this.read_no_more(Farewell::default());
            return Poll::Ready(Ok(()));
        }
        match ready!(this.poll_bytes(cx, buffer))? {
            Came::Bytes => this.place.works(),
            Came::End => {}
            Came::Refused(refusal) => {
                // A request that comes too late may be a good one.
                if refusal != Refusal::TooLate {
                    this.worker.counted.malformed.seen();
                }
                this.read_no_more(Farewell::refusing(refusal));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.has_place()?;
        ready!(this.poll_say(cx))?;
        match Pin::new(&mut this.inner).poll_write(cx, bytes) {
            Poll::Pending => this.poll_stuck(cx).map(Err),
            done @ Poll::Ready(_) => {
                this.answered(bytes, cx);
                done
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_say(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_say(cx))?;
        let refusal = this.farewell.as_mut().map_or(&b""[..], Farewell::take_refusal);
        if !this.requests.had_last_answer() {
            this.saying = refusal;
            ready!(this.poll_say(cx))?;
        }
        if !this.farewell.as_ref().is_some_and(Farewell::has_begun) {
            ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
        }
        if let Some(farewell) = &mut this.farewell
            && farewell.poll_discard(&mut this.inner, cx).is_pending()
        {
            // All is said: whoever comes may have the place.
            this.place.answered();
            this.place.rests(cx.waker());
            this.has_place()?;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}
