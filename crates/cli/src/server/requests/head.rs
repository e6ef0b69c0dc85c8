//! The head of a request, looked at before the parser gets it: where it ends, how its body is framed, and the few things
//! that the parser takes and this service does not. What is merely malformed is left to the parser, which refuses it.

use memchr::memchr_iter;

use super::body::Body;

/// The largest head. What clients send has some hundred bytes, a few thousand with cookies of other services.
pub(super) const LARGEST: usize = 32 * 1024;

/// Why a head is not handed to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Refusal {
    /// A line ends with a bare LF. Proxies differ on what that is, and so on where a request ends (RFC 9112, section 2.2).
    BareLineFeed,
    /// It does not begin like a request. The parser says so, too, but not before a line has ended.
    NoRequest,
    TooLarge,
    /// The framing of a chunked body is broken: [`Body::is_broken`].
    BrokenBody,
    /// It comes behind an answer that said that it is the last (RFC 9112, section 9.6).
    TooLate,
}

/// How much of a head was looked at.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where the line begins that has not ended yet.
    line: usize,
    /// Whether the request line was seen.
    begun: bool,
    is_http_1_1: bool,
    expects: bool,
    body: Option<Body>,
}

/// A whole head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) length: usize,
    pub(super) body: Body,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) expects: bool,
}

impl Head {
    /// Looks at what came of a head so far, all of it. Nothing when its end has not come.
    pub(super) fn look(&mut self, bytes: &mut [u8]) -> Result<Option<Whole>, Refusal> {
        if !self.begun && bytes.iter().find(|byte| !b"\r\n".contains(byte)).is_some_and(|first| !is_token(*first)) {
            return Err(Refusal::NoRequest);
        }
        while let Some(end) = memchr_iter(b'\n', &bytes[self.line..]).next().map(|at| self.line + at) {
            let line = &mut bytes[self.line..end];
            let [line @ .., b'\r'] = line else { return Err(Refusal::BareLineFeed) };
            let (is_empty, is_first) = (line.is_empty(), !self.begun);
            if is_first && !is_empty {
                self.begun = true;
                self.is_http_1_1 = line.ends_with(b" HTTP/1.1");
            } else if !is_empty {
                self.header(line);
            }
            self.line = end + 1;
            if is_empty && !is_first {
                return if self.line > LARGEST { Err(Refusal::TooLarge) } else { Ok(Some(self.whole())) };
            }
        }
        if bytes.len() > LARGEST { Err(Refusal::TooLarge) } else { Ok(None) }
    }

    fn whole(&self) -> Whole {
        let body = self.body.clone().unwrap_or(Body::of(0));
        Whole { length: self.line, body, expects: self.expects && self.is_http_1_1 }
    }

    fn header(&mut self, line: &mut [u8]) {
        const LONGEST: usize = b"transfer-encoding".len();
        let Some(colon) = line.iter().take(LONGEST + 1).position(|byte| *byte == b':') else { return };
        let (name, value) = line.split_at_mut(colon);
        let value = &mut value[1..];
        match name.len() {
            14 if name.eq_ignore_ascii_case(b"content-length") => self.body = number(value).map(Body::of),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.body = Some(Body::chunked()),
            // There is nothing to upgrade to. The parser would take what follows for another protocol, without an end.
            7 if name.eq_ignore_ascii_case(b"upgrade") => name.copy_from_slice(b"ignored"),
            10 if name.eq_ignore_ascii_case(b"connection") => blank(value, b"upgrade"),
            // The parser's own way is to ask for a body before anybody looked at the request.
            6 if name.eq_ignore_ascii_case(b"expect") && find(value, b"100-continue").is_some() => {
                self.expects = true;
                name.copy_from_slice(b"ignore");
            }
            _ => {}
        }
    }
}

/// Whether a method may begin with it.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What the parser takes for a length; it refuses everything else.
fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn find(value: &[u8], word: &[u8]) -> Option<usize> {
    value.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word))
}

fn blank(value: &mut [u8], word: &[u8]) {
    while let Some(at) = find(value, word) {
        value[at..at + word.len()].fill(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of a head that comes in one piece, and in pieces of each size.
    fn looked(head: &str) -> (Result<Option<Whole>, Refusal>, String) {
        let mut whole = head.as_bytes().to_vec();
        let result = Head::default().look(&mut whole);
        for size in 1..head.len() {
            let (mut state, mut pieces) = (Head::default(), head.as_bytes().to_vec());
            let ends = (size..head.len()).step_by(size).chain([head.len()]);
            let last = ends.map(|end| state.look(&mut pieces[..end])).find(|found| !matches!(found, Ok(None)));
            assert_eq!(last.unwrap_or(Ok(None)), result, "{head:?} in pieces of {size}");
        }
        (result, String::from_utf8(whole).unwrap())
    }

    fn whole(head: &str) -> (Body, bool) {
        let (result, _) = looked(head);
        let whole = result.unwrap().unwrap();
        assert_eq!(whole.length, head.len());
        (whole.body, whole.expects)
    }

    #[test]
    fn a_head_tells_how_its_body_is_framed() {
        assert_eq!(whole("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (Body::of(0), false));
        assert_eq!(whole("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), (Body::of(0), false));
        assert_eq!(whole("POST / HTTP/1.1\r\nCONTENT-length:  17 \r\n\r\n"), (Body::of(17), false));
        assert_eq!(whole("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), (Body::chunked(), false));
        let expecting = "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
        assert_eq!(whole(expecting), (Body::of(1), true));
        assert_eq!(whole(&expecting.replace("1.1", "1.0")), (Body::of(1), false));
        assert_eq!(looked("GET / HTTP/1.1\r\nHost: x\r\n").0, Ok(None));
    }

    #[test]
    fn a_bare_line_feed_is_refused_wherever_it_ends_a_line() {
        let good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for (at, _) in good.match_indices("\r\n") {
            let bad = format!("{}{}", &good[..at], &good[at + 1..]);
            assert_eq!(looked(&bad).0, Err(Refusal::BareLineFeed), "{bad:?}");
        }
        assert_eq!(looked("\nGET / HTTP/1.1\r\n\r\n").0, Err(Refusal::BareLineFeed));
    }

    #[test]
    fn what_does_not_begin_like_a_request_is_refused_at_its_first_byte() {
        for bad in ["\u{16}\u{3}\u{1}", "\0", " GET / HTTP/1.1\r\n", "\r\n{"] {
            assert_eq!(looked(bad).0, Err(Refusal::NoRequest), "{bad:?}");
        }
        assert_eq!(looked("\r\n").0, Ok(None));
    }

    #[test]
    fn a_head_without_an_end_is_refused_before_it_is_large() {
        let mut endless = b"GET / HTTP/1.1\r\nX: ".to_vec();
        endless.resize(LARGEST, b'x');
        assert_eq!(Head::default().look(&mut endless), Ok(None));
        endless.push(b'x');
        assert_eq!(Head::default().look(&mut endless), Err(Refusal::TooLarge));
        endless.extend_from_slice(b"\r\n\r\n");
        assert_eq!(Head::default().look(&mut endless), Err(Refusal::TooLarge));
    }

    #[test]
    fn what_the_parser_must_not_act_on_has_another_name() {
        let head = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nExpect: 100-continue\r\nX-Upgrade: y\r\n\r\n";
        let (_, seen) = looked(head);
        assert!(seen.contains("\r\nignored: websocket\r\nConnection: keep-alive,        \r\nignore: 100-continue\r\n"));
        assert!(seen.contains("\r\nX-Upgrade: y\r\n"));
    }
}
