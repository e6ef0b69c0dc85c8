//! The id of a request: in its response, in every log line, in every problem.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use stint_domain::IdGenerator;

use crate::secrecy;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's id, if it is 1 to 128 characters of `[A-Za-z0-9._-]` and no secret, so that it is safe in a log; else a
/// new one.
pub(crate) fn of(request: &HttpRequest, ids: &dyn IdGenerator) -> String {
    let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    match sent.filter(|id| is_valid(id)) {
        Some(id) => id.to_owned(),
        None => ids.generate().to_string(),
    }
}

fn is_valid(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !secrecy::has_prefix_of_secret(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_safe_in_any_log() {
        assert!(is_valid("a.B-3_") && is_valid(&"x".repeat(128)));
        for bad in ["", " ", "a b", "a\"b", "ä", &"x".repeat(129), "waka_0b9a3c1e", "x.stint_y"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
