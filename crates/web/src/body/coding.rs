//! Codings of bodies: `Content-Encoding` (RFC 9110, section 8.4), and the one that is decoded, gzip (RFC 1952).
//!
//! A small body may decode to a very large one, so nothing is decoded that was not made room for, and only a little at
//! a time: others wait for this thread.

use std::io::{self, Write};

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::BytesMut;
use flate2::write::MultiGzDecoder;

use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// Compressed.
    Gzip,
}

impl Coding {
    /// What the request says. Several codings on top of each other are refused, and so is every other one, with the name of
    /// the one that is taken (RFC 9110, section 12.5.3).
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut coding = Self::Identity;
        for line in headers.get_all(header::CONTENT_ENCODING) {
            let text = String::from_utf8_lossy(line.as_bytes());
            for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let is = |known: &str| name.eq_ignore_ascii_case(known);
                match coding {
                    _ if is("identity") => {}
                    Self::Identity if is("gzip") || is("x-gzip") => coding = Self::Gzip,
                    Self::Identity => return Err(refused(&format!("got {}", Excerpt(name)))),
                    Self::Gzip => return Err(refused(&format!("got several, the second is {}", Excerpt(name)))),
                }
            }
        }
        Ok(coding)
    }
}

fn refused(got: &str) -> Problem {
    let detail = format!("the Content-Encoding must be gzip or none, {got}");
    let problem = Problem::new(Code::UnsupportedMediaType, detail);
    problem.with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
}

/// How many bytes of a body are decoded in one go: well below a millisecond's work, even where each begins a new member.
const STEP: usize = 1 << 10;

/// A gzip stream being decoded. Its parts may be many (members, of which each is a stream of its own).
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Sink>,
    began: bool,
}

/// Where decoded bytes go: as many as fit.
struct Sink {
    bytes: BytesMut,
    limit: usize,
}

/// Why a stream cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum GunzipError {
    /// It holds more than fits.
    TooLarge,
    /// It is none, or broken.
    Broken,
}

impl Gunzip {
    /// A stream that holds at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { decoder: MultiGzDecoder::new(Sink { bytes: BytesMut::new(), limit }), began: false }
    }

    /// Decodes a little of what comes next, and says how much of it.
    pub(super) fn step(&mut self, encoded: &[u8]) -> Result<usize, GunzipError> {
        let step = &encoded[..encoded.len().min(STEP)];
        self.began |= !step.is_empty();
        match self.decoder.write(step) {
            Ok(0) if !step.is_empty() => Err(GunzipError::Broken),
            Ok(taken) => Ok(taken),
            Err(error) => Err(of(&error)),
        }
    }

    /// What was decoded so far.
    pub(super) fn decoded(&mut self) -> &mut BytesMut {
        &mut self.decoder.get_mut().bytes
    }

    /// All that it holds, when the stream ends here. Nothing at all is no body, as it is without a coding.
    pub(super) fn finish(self) -> Result<BytesMut, GunzipError> {
        if !self.began {
            return Ok(BytesMut::new());
        }
        self.decoder.finish().map(|sink| sink.bytes).map_err(|error| of(&error))
    }
}

impl Write for Sink {
    fn write(&mut self, decoded: &[u8]) -> io::Result<usize> {
        if decoded.len() > self.limit - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(decoded);
        Ok(decoded.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of(error: &io::Error) -> GunzipError {
    if error.kind() == io::ErrorKind::FileTooLarge { GunzipError::TooLarge } else { GunzipError::Broken }
}

#[cfg(test)]
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coding(lines: &[&'static str]) -> Result<Coding, Problem> {
        let lines = lines.iter().map(|line| (header::CONTENT_ENCODING, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, value)| headers.append(name, value));
        Coding::of(&headers)
    }

    /// Decodes what comes in pieces of this size.
    fn gunzip(encoded: &[u8], piece: usize, limit: usize) -> Result<Vec<u8>, GunzipError> {
        let mut stream = Gunzip::new(limit);
        for mut piece in encoded.chunks(piece) {
            while !piece.is_empty() {
                let before = stream.decoded().len();
                piece = &piece[stream.step(piece)?..];
                assert!(stream.decoded().len() - before <= 64 << 10, "a step is small");
            }
        }
        stream.finish().map(|bytes| bytes.to_vec())
    }

    #[test]
    fn gzip_is_taken_and_every_other_coding_is_refused_with_its_name() {
        assert!(matches!(coding(&[]), Ok(Coding::Identity)));
        assert!(matches!(coding(&["identity"]), Ok(Coding::Identity)));
        for line in ["gzip", "GZip", "x-gzip", "identity, gzip,", " ,gzip"] {
            assert!(matches!(coding(&[line]), Ok(Coding::Gzip)), "{line}");
        }
        for (lines, named) in [
            (&["deflate"][..], "`deflate`"),
            (&["br"], "`br`"),
            (&["gzip, gzip"], "several"),
            (&["gzip", "br"], "`br`"),
            (&["zstd, gzip"], "`zstd`"),
            (&["gzip;q=1"], "`gzip;q=1`"),
        ] {
            let problem = coding(lines).unwrap_err();
            assert_eq!(problem.code(), Code::UnsupportedMediaType);
            let problem = format!("{problem:?}");
            assert!(problem.contains(named) && problem.contains(r#"("accept-encoding", "gzip")"#), "{problem}");
        }
    }

    #[test]
    fn a_stream_is_decoded_whatever_the_pieces_and_members_in_which_it_comes() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|i| (i % 977).to_be_bytes()).collect();
        let (one, other) = (gzip(&text), gzip(b"and more"));
        let members = [one.clone(), other, gzip(b"")].concat();
        for piece in [1, 7, 1000, 1 << 20] {
            assert_eq!(gunzip(&one, piece, text.len()).unwrap(), text);
            assert_eq!(gunzip(&members, piece, 1 << 20).unwrap(), [&text[..], b"and more"].concat());
        }
        assert_eq!(gunzip(&gzip(b""), 9, 0).unwrap(), b"");
        assert_eq!(gunzip(b"", 1, 0).unwrap(), b"");
    }

    #[test]
    fn a_stream_that_holds_too_much_is_refused_as_soon_as_it_does() {
        let bomb = gzip(&vec![b' '; 10 << 20]);
        assert_eq!(gunzip(&bomb, 1 << 20, 1 << 20), Err(GunzipError::TooLarge));
        assert_eq!(gunzip(&gzip(b"four"), 1, 3), Err(GunzipError::TooLarge));
        assert_eq!(gunzip(&gzip(b"four"), 1, 4).unwrap(), b"four");
    }

    #[test]
    fn what_is_cut_changed_or_followed_by_something_else_is_broken() {
        let whole = gzip(br#"{"name": "Research"}"#);
        for end in 1..whole.len() {
            assert_eq!(gunzip(&whole[..end], 5, 1000), Err(GunzipError::Broken), "cut at {end}");
        }
        let mut sum = whole.clone();
        let at = sum.len() - 6;
        sum[at] ^= 1;
        for broken in [sum, [whole, b"x".to_vec()].concat(), b"{}".to_vec(), b"\x78\x9c\x03\0\0\0\0\x01".to_vec()] {
            assert_eq!(gunzip(&broken, 100, 1000), Err(GunzipError::Broken));
        }
    }
}
