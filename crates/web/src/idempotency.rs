//! The `Idempotency-Key` header, and the fingerprint of its request.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use sha2::{Digest, Sha256};
use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey};
use stint_domain::values::TokenId;

use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier request.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key of a request and its fingerprint, if it has the header. `path` is without the base path, so that a request
/// through a proxy and one past it are the same.
pub(crate) fn of(
    request: &HttpRequest,
    path: &str,
    body: &[u8],
    token: TokenId,
) -> Result<Option<Idempotency>, Problem> {
    let mut lines = request.headers().get_all(KEY);
    let Some(line) = lines.next() else { return Ok(None) };
    let text = String::from_utf8_lossy(line.as_bytes());
    let refuse = |rule: &dyn std::fmt::Display| {
        Problem::new(Code::MalformedHeader, format!("Idempotency-Key: {rule}, got {}", Excerpt(&text)))
    };
    if lines.next().is_some() {
        return Err(refuse(&"must be given once"));
    }
    let key = IdempotencyKey::new(&text).map_err(|error| refuse(&error))?;
    Ok(Some(Idempotency { token, key, fingerprint: fingerprint(request, path, body) }))
}

/// Refuses the header on a route that does not take it, so that nobody relies on it.
pub(crate) fn none(request: &HttpRequest, why: &str) -> Result<(), Problem> {
    if request.headers().contains_key(KEY) {
        return Err(Problem::new(Code::MalformedHeader, format!("Idempotency-Key: is not taken here; {why}")));
    }
    Ok(())
}

/// SHA-256 over method, path and body. Method and path contain no line feed, so different requests never give the same
/// bytes.
fn fingerprint(request: &HttpRequest, path: &str, body: &[u8]) -> Fingerprint {
    let mut hash = Sha256::new();
    for part in [request.method().as_str(), path] {
        hash.update(part);
        hash.update(b"\n");
    }
    hash.update(body);
    Fingerprint(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use uuid::Uuid;

    use super::*;

    fn read(path: &str, key: &str, body: &str) -> Result<Option<Idempotency>, Problem> {
        let request = TestRequest::post().uri(path).insert_header((KEY, HeaderValue::from_str(key).unwrap()));
        of(&request.to_http_request(), path, body.as_bytes(), TokenId::new(Uuid::nil()))
    }

    #[test]
    fn the_fingerprint_tells_path_and_body_apart() {
        let fingerprint = |path, body| read(path, "k", body).unwrap().unwrap().fingerprint;
        assert_eq!(fingerprint("/a", "x"), fingerprint("/a", "x"));
        assert_ne!(fingerprint("/a", "x"), fingerprint("/a", "y"));
        assert_ne!(fingerprint("/a", "x"), fingerprint("/b", "x"));
    }

    #[test]
    fn a_key_that_is_empty_long_or_not_printable_is_refused() {
        for bad in ["", &"k".repeat(256), "schlüssel", "a\tb"] {
            assert_eq!(read("/a", bad, "").unwrap_err().code(), Code::MalformedHeader, "{bad}");
        }
        let twice = TestRequest::post().append_header((KEY, "a")).append_header((KEY, "a")).to_http_request();
        assert!(of(&twice, "/", b"", TokenId::new(Uuid::nil())).is_err());
        assert_eq!(of(&TestRequest::post().to_http_request(), "/", b"", TokenId::new(Uuid::nil())).unwrap(), None);
    }
}
