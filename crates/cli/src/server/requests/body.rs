//! Where a request's body ends: after so many bytes, or after its last chunk. A chunked body has to be clean to the letter:
//! it breaks off here before the parser sees what it would refuse, so that its handler alone answers.

/// The most bytes of a chunked body's extensions and trailers. Nobody looks at them, and no client is known to send any
/// (RFC 9112, section 7.1.1, asks for a limit).
const EXTRAS: u16 = 4 * 1024;

/// What is still to come of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum Body {
    Length(u64),
    /// And how many bytes of extensions and trailers may come.
    Chunked(Chunk, u16),
}

/// What comes next in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Chunk {
    /// The first digit of a chunk's size.
    Start,
    /// What follows the digits so far.
    Size(u64),
    /// What follows blanks behind them.
    Blank(u64),
    /// More of an extension.
    Extension(u64),
    /// The LF of the line.
    SizeEnd(u64),
    /// So many bytes.
    Data(u64),
    /// The CR behind them.
    DataEnd,
    /// The LF behind that.
    DataLineEnd,
    /// A line behind the last chunk, which may be empty.
    Last,
    /// More of such a line: a trailer.
    Trailer,
    /// Its LF.
    TrailerEnd,
    /// The LF of the empty line, with which the body ends.
    LastEnd,
    /// Nothing.
    End,
    /// Nothing, for what came is no chunk. An LF without a CR is none, because proxies differ on whether that ends a line, and
    /// so on where the body ends; nor are too many bytes of extensions and trailers.
    Broken,
}

impl Body {
    pub(in crate::server) const fn of(length: u64) -> Self {
        Self::Length(length)
    }

    pub(in crate::server) const fn chunked() -> Self {
        Self::Chunked(Chunk::Start, EXTRAS)
    }

    pub(in crate::server) fn has_ended(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::End, _))
    }

    /// Whether what comes next can be no part of a body.
    pub(in crate::server) fn is_broken(&self) -> bool {
        matches!(self, Self::Chunked(Chunk::Broken, _))
    }

    /// How many of these bytes belong to the body.
    pub(in crate::server) fn pass(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => {
                let passed = at_most(*left, bytes.len());
                *left -= passed as u64;
                passed
            }
            Self::Chunked(chunk, extras) => {
                let mut at = 0;
                while at < bytes.len() && !matches!(chunk, Chunk::End | Chunk::Broken) {
                    at += chunk.pass(&bytes[at..]);
                    if matches!(chunk, Chunk::Blank(_) | Chunk::Extension(_) | Chunk::Trailer) {
                        if *extras == 0 {
                            *chunk = Chunk::Broken;
                            return at - 1;
                        }
                        *extras -= 1;
                    }
                }
                at
            }
        }
    }
}

impl Chunk {
    /// Takes at least one byte, unless it breaks the body.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        if let Self::Data(left) = *self {
            let passed = at_most(left, bytes.len());
            *self = if passed as u64 == left { Self::DataEnd } else { Self::Data(left - passed as u64) };
            return passed;
        }
        *self = self.behind(bytes[0]);
        usize::from(*self != Self::Broken)
    }

    /// What comes next when this byte came.
    fn behind(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, _) => Self::Size(0).behind_digit(byte),
            (Self::Size(size) | Self::Blank(size), b' ' | b'\t') => Self::Blank(size),
            (Self::Size(size) | Self::Blank(size), b';') => Self::Extension(size),
            (Self::Size(size) | Self::Blank(size) | Self::Extension(size), b'\r') => Self::SizeEnd(size),
            (Self::Size(_), _) => self.behind_digit(byte),
            (Self::Extension(_), b'\t' | b' '..=b'~' | 0x80..) => self,
            (Self::SizeEnd(0) | Self::TrailerEnd, b'\n') => Self::Last,
            (Self::SizeEnd(size), b'\n') => Self::Data(size),
            (Self::DataEnd, b'\r') => Self::DataLineEnd,
            (Self::DataLineEnd, b'\n') => Self::Start,
            (Self::Last, b'\r') => Self::LastEnd,
            (Self::LastEnd, b'\n') => Self::End,
            (Self::Trailer, b'\r') => Self::TrailerEnd,
            (Self::Last | Self::Trailer, byte) if byte != b'\n' => Self::Trailer,
            _ => Self::Broken,
        }
    }

    fn behind_digit(self, byte: u8) -> Self {
        let (Self::Size(size), Some(digit)) = (self, (byte as char).to_digit(16)) else { return Self::Broken };
        size.checked_mul(16).map_or(Self::Broken, |size| Self::Size(size + u64::from(digit)))
    }
}

fn at_most(left: u64, there: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a body ends that is followed by another request, whatever pieces it comes in.
    fn end(mut body: Body, bytes: &[u8]) -> usize {
        let whole = body.clone().pass(bytes);
        let mut passed = 0;
        for byte in bytes {
            if body.has_ended() {
                break;
            }
            passed += body.pass(std::slice::from_ref(byte));
        }
        assert_eq!(passed, whole);
        whole
    }

    #[test]
    fn a_body_ends_where_its_framing_says_whatever_is_in_it() {
        assert!(Body::of(0).has_ended());
        assert_eq!(end(Body::of(7), b"a\nb\r\n\r\nGET /"), 7);
        for chunks in [
            "0\r\n\r\n",
            "5\r\na\nb\r\n\r\n0\r\n\r\n",
            "A;x=\"y\"\r\n0123456789\r\n00\r\nX: y\r\nZ: \t\r\n\r\n",
            "1\t ;x\r\nx\r\n0 \r\n\r\n",
            "1 \r\nx\r\n0\r\n\r\n",
        ] {
            assert_eq!(end(Body::chunked(), format!("{chunks}GET / HTTP/1.1").as_bytes()), chunks.len(), "{chunks:?}");
        }
        let mut endless = Body::chunked();
        endless.pass(b"ffffffffffffffff\r\n");
        endless.pass(&[b'x'; 1000]);
        assert!(!endless.has_ended());
    }

    #[test]
    fn extensions_and_trailers_without_an_end_break_a_body() {
        let endless = "x".repeat(EXTRAS.into());
        for (start, rest) in [("1;", "\r\ny\r\n0\r\n\r\n"), ("1\r\ny\r\n0\r\nX: ", "\r\n\r\n")] {
            let short = format!("{start}{}{rest}", &endless[16..]);
            assert_eq!(end(Body::chunked(), short.as_bytes()), short.len());
            let mut body = Body::chunked();
            let passed = body.pass(format!("{start}{endless}{rest}").as_bytes());
            assert!(body.is_broken() && passed <= start.len() + endless.len(), "{start:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_breaks_a_body_wherever_it_ends_a_line() {
        for bad in ["5\n", "5;x\n", "\n", "0\n", "0\r\n\n", "0\r\nX: y\n", "0\r\nX: y\r\n\n", "1\r\nx\r\n1\n"] {
            let mut body = Body::chunked();
            assert_eq!(body.pass(format!("{bad}GET /").as_bytes()), bad.len() - 1, "{bad:?}");
            assert!(body.is_broken() && body.pass(b"\n") == 0);
        }
    }

    #[test]
    fn what_is_no_chunk_breaks_a_body_where_it_stands() {
        for (good, bad) in [
            ("", "z\r\n"),
            ("", "-1\r\n"),
            ("", " 1\r\n"),
            ("", "\r\n"),
            ("1", "z\r\n"),
            ("1 ", "1\r\n"),
            ("1;x", "\0\r\n"),
            ("1\r", "\r\n"),
            ("1\r\nx", "x\r\n"),
            ("1\r\nx\r", "\r\n"),
            ("0\r\n\r", "x\r\n"),
            ("0\r\nX: y\r", "z\r\n\r\n"),
            ("ffffffffffffffff", "f\r\n"),
        ] {
            let mut body = Body::chunked();
            assert_eq!(end(body.clone(), format!("{good}{bad}").as_bytes()), good.len(), "{good:?}{bad:?}");
            body.pass(format!("{good}{bad}").as_bytes());
            assert!(body.is_broken(), "{good:?}{bad:?}");
        }
    }
}
