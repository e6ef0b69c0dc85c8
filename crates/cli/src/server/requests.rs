//! One connection's bytes on their way to the parser: one request at a time, and of a body no more than is asked for. What
//! comes earlier waits, here and then in the kernel and at the client, so that no connection can make this process hold
//! more than a little.

pub(super) mod body;
pub(super) mod head;

use std::sync::LazyLock;
use std::task::Waker;

use memchr::memmem::{self, Finder};
use stint_web::BodyWanted;
use tokio::io::ReadBuf;

use self::body::Body;
use self::head::{Head, Refusal};

/// What a body may come to before its handler asks for it: as much as is often sent along with the head.
const UNASKED: usize = 16 * 1024;
/// What is kept of the memory that held what waited.
const KEPT: usize = 1024;
/// By how much that memory grows.
const STEP: usize = 4 * KEPT;

/// What came and was not handed on, and what it belongs to.
#[derive(Debug)]
pub(super) struct Requests {
    waiting: Vec<u8>,
    /// How many of the waiting bytes may go.
    free: usize,
    at: At,
    /// Whether the request before has an answer, or the beginning of one.
    answered: bool,
    /// Whether an answer said that it is the last.
    last: bool,
    /// Bytes of the body that were handed on before the handler asked for it.
    unasked: usize,
    expects: bool,
    wanted: BodyWanted,
}

#[derive(Debug)]
enum At {
    Head(Head),
    Body(Body),
}

impl Requests {
    pub(super) fn new(wanted: BodyWanted) -> Self {
        let at = At::Head(Head::default());
        Self { waiting: Vec::new(), free: 0, at, answered: true, last: false, unasked: 0, expects: false, wanted }
    }

    /// A handler says with it that it waits for the body.
    pub(super) fn wanted(&self) -> BodyWanted {
        self.wanted.clone()
    }

    /// Whether nothing is going on: a new request may come, or the rest of its head.
    pub(super) fn are_over(&self) -> bool {
        self.answered && self.free == 0 && matches!(self.at, At::Head(_))
    }

    /// The request in hand has an answer, or the beginning of one: these bytes.
    pub(super) fn answered(&mut self, bytes: &[u8]) {
        self.answered = true;
        self.last |= is_last(bytes);
    }

    /// Whether an answer said that nothing follows it.
    pub(super) fn had_last_answer(&self) -> bool {
        self.last
    }

    /// Whether what comes next belongs to a request that has its answer, so that nobody wants it.
    pub(super) fn are_behind_an_answer(&self) -> bool {
        self.answered && matches!(self.at, At::Body(_))
    }

    /// Whether more may come. A little may while an answer is on its way, because who goes away is noticed by that.
    pub(super) fn may_grow(&self, stuck: bool) -> bool {
        match &self.at {
            At::Head(_) => self.waiting.is_empty() || self.answered && !stuck,
            At::Body(_) => self.waiting.is_empty() && self.allowed() > 0,
        }
    }

    /// Has the task woken when the handler asks for the body.
    pub(super) fn listen(&self, waker: &Waker) {
        if matches!(self.at, At::Body(_)) && !self.wanted.is_said() {
            self.wanted.wait(waker);
        }
    }

    /// Whether the client is to be told, once, that its body is waited for.
    pub(super) fn take_expectation(&mut self) -> bool {
        // One that sends it all the same need not be told (RFC 9110, section 10.1.1).
        let waits = self.expects && matches!(self.at, At::Body(_)) && self.unasked == 0;
        // Behind an answer, or in the middle of one, it would be taken for the next.
        let due = waits && self.wanted.is_begun() && !self.answered;
        self.expects &= !due;
        due
    }

    /// Moves what waits and may go. `stuck` is whether the answer before is stuck on its way.
    pub(super) fn release(&mut self, into: &mut ReadBuf<'_>, stuck: bool) -> Result<bool, Refusal> {
        if self.free == 0 && !self.waiting.is_empty() {
            let mut waiting = std::mem::take(&mut self.waiting);
            let free = self.pass(&mut waiting, stuck);
            self.waiting = waiting;
            self.free = free?;
        }
        let moved = self.free.min(into.remaining());
        into.put_slice(&self.waiting[..moved]);
        self.waiting.drain(..moved);
        self.free -= moved;
        if self.waiting.is_empty() && self.waiting.capacity() > KEPT {
            self.waiting = Vec::new();
        }
        Ok(moved > 0)
    }

    /// Takes what has just come, which is in the buffer from `start`, while nothing waits or what does is part of a head.
    /// What may go stays in the buffer.
    pub(super) fn take(&mut self, buffer: &mut ReadBuf<'_>, start: usize, stuck: bool) -> Result<bool, Refusal> {
        let end = buffer.filled().len();
        if !self.waiting.is_empty() {
            self.keep(&buffer.filled()[start..]);
            buffer.set_filled(start);
            return self.release(buffer, stuck);
        }
        let passed = self.pass(&mut buffer.filled_mut()[start..], stuck)?;
        self.keep(&buffer.filled()[start + passed..end]);
        buffer.set_filled(start + passed);
        Ok(passed > 0)
    }

    /// Has these wait, in memory that grows by steps: doubled, half of it would be nobody's.
    fn keep(&mut self, bytes: &[u8]) {
        let length = self.waiting.len() + bytes.len();
        if length > self.waiting.capacity() {
            self.waiting.reserve_exact(length.next_multiple_of(STEP) - self.waiting.len());
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// Forgets what waits, because nothing of it is looked at any more.
    pub(super) fn forget(&mut self) {
        (self.waiting, self.free) = (Vec::new(), 0);
    }

    /// How many of the first bytes may go.
    fn pass(&mut self, bytes: &mut [u8], stuck: bool) -> Result<usize, Refusal> {
        let mut at = 0;
        loop {
            let allowed = self.allowed();
            match &mut self.at {
                At::Head(head) => {
                    if at == bytes.len() || stuck || !self.answered {
                        return Ok(at);
                    }
                    if self.last {
                        return if at == 0 { Err(Refusal::TooLate) } else { Ok(at) };
                    }
                    let Some(whole) = head.look(&mut bytes[at..])? else { return Ok(at) };
                    at += whole.length;
                    self.at = if whole.body.has_ended() { At::Head(Head::default()) } else { At::Body(whole.body) };
                    (self.answered, self.expects, self.unasked) = (false, whole.expects, 0);
                    self.wanted.reset();
                }
                At::Body(body) => {
                    let there = &bytes[at..];
                    let passed = body.pass(&there[..there.len().min(allowed)]);
                    at += passed;
                    self.unasked += passed;
                    self.wanted.pass(passed);
                    if body.has_ended() {
                        self.at = At::Head(Head::default());
                    } else if at == 0 && body.is_broken() {
                        return Err(Refusal::BrokenBody);
                    } else if passed == 0 {
                        return Ok(at);
                    }
                }
            }
        }
    }

    /// How much of a body may go.
    fn allowed(&self) -> usize {
        // Behind an answer the parser throws it away.
        if self.answered || self.wanted.is_said() {
            return usize::MAX;
        }
        UNASKED.saturating_sub(self.unasked).max(self.wanted.some())
    }
}

/// Whether bytes on their way to the client have the head of an answer behind which the connection ends. The HTTP server writes
/// each head in one piece, and no text that is sent has such lines. Where an answer begins, its head alone is searched: its
/// body may be a hundred times as long, and behind that is no other answer yet.
fn is_last(bytes: &[u8]) -> bool {
    static END: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\r\n\r\n"));
    static CLOSE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\r\nconnection: close\r\n"));
    let head = bytes.starts_with(b"HTTP/1.").then(|| END.find(bytes)).flatten();
    let bytes = head.map_or(bytes, |end| &bytes[..end + 2]);
    CLOSE.find(bytes).is_some()
        || bytes.starts_with(b"HTTP/1.0 ") && memmem::find(bytes, b"\r\nconnection: keep-alive\r\n").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what comes, and what of it is handed on.
    fn handed_on(requests: &mut Requests, bytes: &str) -> Result<String, Refusal> {
        let mut memory = vec![0; bytes.len()];
        let mut buffer = ReadBuf::new(&mut memory);
        buffer.put_slice(bytes.as_bytes());
        requests.take(&mut buffer, 0, false)?;
        Ok(String::from_utf8(buffer.filled().to_vec()).unwrap())
    }

    #[test]
    fn a_client_is_told_to_go_on_once_and_never_behind_an_answer() {
        let head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
        for answered in [false, true] {
            let wanted = BodyWanted::default();
            let mut requests = Requests::new(wanted.clone());
            handed_on(&mut requests, head).unwrap();
            assert!(!requests.take_expectation(), "nobody asked for it");
            wanted.say();
            if answered {
                requests.answered(b"HTTP/1.1 200 OK\r\n\r\n");
            }
            assert_eq!([requests.take_expectation(), requests.take_expectation()], [!answered, false]);
        }
    }

    #[test]
    fn behind_an_answer_that_is_the_last_no_head_is_looked_at() {
        let request = "GET / HTTP/1.1\r\n\r\n";
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nx: y\r\n\r\n", Ok(request.to_owned())),
            ("HTTP/1.1 200 OK\r\nconnection: close\r\nx: y\r\n\r\n", Err(Refusal::TooLate)),
            ("more of an answer before\nHTTP/1.1 401\r\nconnection: close\r\n\r\n", Err(Refusal::TooLate)),
            ("HTTP/1.1 200 OK\r\nx: y\r\n\r\na body\r\nconnection: close\r\n", Ok(request.to_owned())),
            ("HTTP/1.0 200 OK\r\nx: y\r\n\r\n", Err(Refusal::TooLate)),
            ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n", Ok(request.to_owned())),
        ] {
            let mut requests = Requests::new(BodyWanted::default());
            handed_on(&mut requests, request).unwrap();
            requests.answered(answer.as_bytes());
            assert_eq!(handed_on(&mut requests, request), expected, "{answer:?}");
        }
    }

    #[test]
    fn a_body_that_is_broken_ends_where_it_breaks() {
        let mut requests = Requests::new(BodyWanted::default());
        let good = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
        assert_eq!(handed_on(&mut requests, &format!("{good}1;y\nz\r\n")).unwrap(), format!("{good}1;y"));
        let mut memory = [0; 16];
        let mut into = ReadBuf::new(&mut memory);
        assert_eq!(requests.release(&mut into, false), Err(Refusal::BrokenBody));
    }

    #[test]
    fn what_waits_takes_little_more_memory_than_it_has_bytes() {
        let mut requests = Requests::new(BodyWanted::default());
        handed_on(&mut requests, "GET / HTTP/1.1\r\nX: ").unwrap();
        while requests.waiting.len() + 1000 < head::LARGEST {
            handed_on(&mut requests, &"x".repeat(1000)).unwrap();
            assert!(requests.waiting.capacity() < requests.waiting.len() + STEP);
        }
    }
}
