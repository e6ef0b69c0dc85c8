//! Requests that a page of another site could have sent.
//!
//! A browser sends the cookie along with whatever page asks for it. So a request that changes something by a cookie, and
//! every sign-in, must come from a page of this service: the browser says so in `Sec-Fetch-Site` (Fetch Metadata), or, where
//! it is too old for that, in `Origin`.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

use crate::problem::{Code, Problem};
use crate::surface::Surface;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Surface {
    /// Fails unless the request comes from a page of this service.
    pub(crate) fn require_same_origin(&self, request: &HttpRequest) -> Result<(), Problem> {
        let headers = request.headers();
        let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let holds = match (text(&SEC_FETCH_SITE), text(&header::ORIGIN)) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => self.is_own(origin, text(&header::HOST)),
            (None, None) => false,
        };
        if holds {
            return Ok(());
        }
        let detail =
            "the request must come from a page of this service, as `Sec-Fetch-Site: same-origin` or `Origin` tells";
        Err(Problem::new(Code::CrossSite, detail))
    }

    /// Whether the origin is this service's own. Where the settings do not tell that, it is the host that was asked.
    fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        match self.public_url.as_str() {
            "" => host.is_some_and(|host| origin.strip_prefix("http://") == Some(host)),
            own => origin == own,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::{BasePath, CorsOrigins, PublicUrl};

    fn may(public_url: &str, headers: &[(&str, &str)]) -> bool {
        let public_url: PublicUrl = public_url.to_owned().try_into().unwrap();
        let surface = Surface::new(BasePath::default(), CorsOrigins::default()).reached_at(public_url);
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header));
        surface.require_same_origin(&request.to_http_request()).is_ok()
    }

    #[test]
    fn the_browsers_word_counts_and_else_the_origin() {
        const OWN: &str = "https://time.example.org";
        assert!(may(OWN, &[("sec-fetch-site", "same-origin")]));
        assert!(may(OWN, &[("origin", OWN)]));
        for site in ["same-site", "cross-site", "none", ""] {
            assert!(!may(OWN, &[("sec-fetch-site", site), ("origin", OWN)]), "{site}");
        }
        for origin in ["https://evil.example", "http://time.example.org", "https://time.example.org:8443", "null", ""] {
            assert!(!may(OWN, &[("origin", origin)]), "{origin}");
        }
        assert!(!may(OWN, &[]));
        assert!(
            !may(OWN, &[("origin", "http://h"), ("host", "h")]),
            "the host counts only where the settings are silent"
        );
    }

    #[test]
    fn without_a_public_url_the_host_that_was_asked_is_the_own() {
        assert!(may("", &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!may("", &[("origin", "http://evil.example"), ("host", "127.0.0.1:8080")]));
        assert!(!may("", &[("origin", "http://h")]));
    }
}
