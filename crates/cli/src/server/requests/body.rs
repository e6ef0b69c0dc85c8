//! Where a request's body ends: after so many bytes, or after its last chunk. What is no body at all the parser refuses;
//! here it need only end somewhere.

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

/// Where in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Chunk {
    /// In the digits of a chunk's size.
    Size(u64),
    /// In what follows them on their line.
    Extension(u64),
    /// Behind the CR of their line.
    SizeEnd(u64),
    /// In a chunk, or in the line's end behind it.
    Data(u64),
    /// In a line behind the last chunk, of which so many bytes came.
    Trailer(u64),
    /// Behind the CR of such a line.
    TrailerEnd(u64),
    End,
    /// Before an LF without a CR: proxies differ on whether that ends a line, and so on where the body ends. Or before
    /// one byte too many of extensions and trailers.
    Broken,
}

impl Body {
    pub(in crate::server) const fn of(length: u64) -> Self {
        Self::Length(length)
    }

    pub(in crate::server) const fn chunked() -> Self {
        Self::Chunked(Chunk::Size(0), EXTRAS)
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
                    if matches!(chunk, Chunk::Extension(_) | Chunk::Trailer(_)) {
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
        let byte = bytes[0];
        *self = match (*self, byte) {
            (Self::Data(left), _) => {
                let passed = at_most(left, bytes.len());
                *self = if passed as u64 == left { Self::Size(0) } else { Self::Data(left - passed as u64) };
                return passed;
            }
            (Self::Size(size) | Self::Extension(size) | Self::SizeEnd(size), b'\r') => Self::SizeEnd(size),
            (Self::SizeEnd(0), b'\n') => Self::Trailer(0),
            // The chunk, with its own line's end.
            (Self::SizeEnd(size), b'\n') => Self::Data(size.saturating_add(2)),
            (Self::Trailer(length) | Self::TrailerEnd(length), b'\r') => Self::TrailerEnd(length),
            (Self::TrailerEnd(0), b'\n') => Self::End,
            (Self::TrailerEnd(_), b'\n') => Self::Trailer(0),
            (_, b'\n') => {
                *self = Self::Broken;
                return 0;
            }
            (Self::Size(size), _) => match (byte as char).to_digit(16) {
                Some(digit) => Self::Size(size.saturating_mul(16).saturating_add(digit.into())),
                None => Self::Extension(size),
            },
            (Self::Extension(size) | Self::SizeEnd(size), _) => Self::Extension(size),
            (Self::Trailer(length) | Self::TrailerEnd(length), _) => Self::Trailer(length + 1),
            (over @ (Self::End | Self::Broken), _) => over,
        };
        1
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
            "A;x=\"y\"\r\n0123456789\r\n00\r\nX: y\r\n\r\n",
            "1 \r\nx\r\n0\r\n\r\n",
        ] {
            assert_eq!(end(Body::chunked(), format!("{chunks}GET / HTTP/1.1").as_bytes()), chunks.len(), "{chunks:?}");
        }
        let mut endless = Body::chunked();
        endless.pass(b"ffffffffffffffffff\r\n");
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
}
