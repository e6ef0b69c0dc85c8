//! Reading a request's body: its media type, its size, its time.
//!
//! Handlers read it after they know who sent it and what it is for; nothing here looks at what it says.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

/// What bodies a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// A JSON document.
    Json,
    /// A JSON Merge Patch (RFC 7396), also under plain JSON's name, because many clients cannot say the other.
    MergePatch,
}

impl Media {
    /// The media types taken, the preferred one first.
    pub(crate) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::MergePatch => &["application/merge-patch+json", "application/json"],
        }
    }

    /// Passes when the request says that its body is one of these.
    pub(crate) fn check(self, headers: &HeaderMap) -> Result<(), Problem> {
        let needed = || format!("the Content-Type must be {}", self.types().join(" or "));
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Err(Problem::new(Code::UnsupportedMediaType, format!("{}, got none", needed())));
        };
        let text = value.to_str().unwrap_or_default();
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let taken = self.types().iter().any(|taken| taken.eq_ignore_ascii_case(essence));
        // JSON is UTF-8 (RFC 8259); another charset would be read wrongly.
        let charset =
            parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
        let utf8 = charset.is_none_or(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
        if !(taken && utf8) {
            let detail = format!("{} in UTF-8, got {}", needed(), Excerpt(text));
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        uncompressed(headers)
    }
}

/// Passes when the body is sent as it is. A compressed one could be small and become large.
pub(crate) fn uncompressed(headers: &HeaderMap) -> Result<(), Problem> {
    let coding = headers.get(header::CONTENT_ENCODING).map_or("identity", |coding| coding.to_str().unwrap_or_default());
    if coding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    let detail = format!("the body must be sent without Content-Encoding, got {}", Excerpt(coding));
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

/// Reads a body of at most `limit` bytes that arrives until `deadline`.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, Problem> {
    let announced = announced(request.headers());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let reading = async {
        let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
        let first = first.map_err(|error| broken(&error))?;
        if announced == Some(first.len() as u64) {
            // The usual case: the whole body in one piece, without a copy. The end is read too, so that the connection
            // can carry the next request.
            return match payload.next().await {
                None => Ok(first),
                Some(rest) => rest.map(|_| first).map_err(|error| broken(&error)),
            };
        }
        let mut body = BytesMut::from(first.as_ref());
        while body.len() <= limit {
            match payload.next().await {
                None => return Ok(body.freeze()),
                Some(chunk) => body.extend_from_slice(&chunk.map_err(|error| broken(&error))?),
            }
        }
        Err(too_large(limit))
    };
    match timeout_at(deadline, reading).await {
        Ok(body) => body,
        Err(_elapsed) => {
            Err(Problem::new(Code::RequestTimeout, "the body did not arrive within the time limit; nothing was done"))
        }
    }
}

/// Lets a response hold what is unread of its request. actix drops a body that nobody reads, and then reads a chunked
/// one to its end, if it has one, before the connection goes on. While somebody holds it, the response says
/// `Connection: close`, and the connection ends after it: not at once, so that a client that is still sending gets to
/// read the response, but within the server's disconnect time-out.
pub(crate) fn keep_unread(response: HttpResponse, payload: Payload) -> HttpResponse {
    response.map_body(|_, body| BoxBody::new(Answered { body, _unread: payload }))
}

/// The body of a response, with what is unread of the request.
struct Answered {
    body: BoxBody,
    _unread: Payload,
}

impl MessageBody for Answered {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the body is larger than {limit} bytes"))
}

/// The connection broke or its framing is wrong; if anybody is left to read an answer, this is it.
fn broken(error: &actix_web::error::PayloadError) -> Problem {
    Problem::new(Code::MalformedJson, format!("the body did not arrive whole: {error}"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn takes(media: Media, content_type: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        media.check(&headers).is_ok()
    }

    #[test]
    fn json_in_utf8_alone_is_taken() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(takes(Media::Json, good) && takes(Media::MergePatch, good), "{good}");
        }
        assert!(takes(Media::MergePatch, "application/merge-patch+json"));
        for bad in ["text/plain", "application/json; charset=latin1", "application/merge-patch+json", "", "json"] {
            assert!(!takes(Media::Json, bad), "{bad}");
        }
        assert!(Media::Json.check(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_body_that_says_it_is_compressed_is_not_taken() {
        let headers = |coding| {
            let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            HeaderMap::from_iter([json, (header::CONTENT_ENCODING, HeaderValue::from_static(coding))])
        };
        assert!(Media::Json.check(&headers("gzip")).is_err());
        assert!(Media::Json.check(&headers("identity")).is_ok());
    }
}
