//! The path below which a proxy serves this API. All URLs made here begin with it.
//!
//! Some proxies take that path away before they pass a request on, others leave it. So each route is there with and
//! without the base path; health checks and people on the host itself need not know it. No header of a request decides
//! this, because anybody can send one.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

/// It stands in every URL.
const MAX_BYTES: usize = 200;

/// The first segments of this service's own paths.
pub(crate) const OWN: [&str; 12] = [
    "api",
    "auth",
    "docs",
    "forms.css",
    "healthz",
    "openapi.json",
    "ping",
    "readyz",
    "sign-in",
    "sign-out",
    "welcome",
    "welcome.js",
];

/// A base path such as `/time`; empty at the root. Clones share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BasePath(Arc<str>);

/// Why a text is not a base path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BasePathError {
    /// It does not have the form of one.
    #[error(
        "must begin with `/`, not end with it, and be made of letters, digits and `-._~`, such as `/time`; empty, it is \
         the root"
    )]
    Form,
    /// It would make every URL long.
    #[error("must be at most {MAX_BYTES} characters long")]
    Long,
    /// It would be unclear which of the two a request means.
    #[error("must not begin with `/{0}`, where this service has paths of its own")]
    Taken(String),
}

impl BasePath {
    /// Empty at the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The paths of a route: without the base path, and with it.
    pub(crate) fn places(&self, route: &str) -> Vec<String> {
        let mut places = vec![route.to_owned()];
        if !self.0.is_empty() {
            places.push(format!("{self}{route}"));
        }
        places
    }

    /// The path of a request without the base path, whether or not a proxy took it away.
    pub(crate) fn below<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(self.as_str()) {
            Some(below) if below.starts_with('/') => below,
            _ => path,
        }
    }
}

impl TryFrom<String> for BasePath {
    type Error = BasePathError;

    fn try_from(text: String) -> Result<Self, BasePathError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.len() > MAX_BYTES {
            return Err(BasePathError::Long);
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let is_segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
        let segments = text.strip_prefix('/').ok_or(BasePathError::Form)?;
        if !segments.split('/').all(is_segment) {
            return Err(BasePathError::Form);
        }
        let first = segments.split('/').next().unwrap_or_default();
        if OWN.contains(&first) {
            return Err(BasePathError::Taken(first.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<BasePath, BasePathError> {
        BasePath::try_from(text.to_owned())
    }

    #[test]
    fn a_base_path_is_plain_segments_that_are_no_paths_of_this_service() {
        for good in ["", "/time", "/a/b-c/~d.e_f", "/apis", "/Ping", &format!("/{}", "x".repeat(199))] {
            assert_eq!(base(good).unwrap().as_str(), good);
        }
        for bad in [
            "/",
            "time",
            "/time/",
            "//time",
            "/a//b",
            "/a/../b",
            "/.",
            "/a b",
            "/a%20b",
            "/zeit/ü",
            "/a?b",
            "/a#b",
            "/{a}",
            "/a\\b",
            "https://example.org/time",
        ] {
            assert_eq!(base(bad), Err(BasePathError::Form), "{bad}");
        }
        for taken in ["/api", "/api/stint", "/ping", "/ping/x", "/docs", "/healthz", "/readyz", "/openapi.json"] {
            assert!(matches!(base(taken), Err(BasePathError::Taken(_))), "{taken}");
        }
        assert_eq!(base(&format!("/{}", "x".repeat(200))), Err(BasePathError::Long));
    }

    #[test]
    fn a_request_is_the_same_with_the_base_path_and_without_it() {
        let time = base("/time").unwrap();
        for (path, below) in [
            ("/time/api/v1/jobs", "/api/v1/jobs"),
            ("/api/v1/jobs", "/api/v1/jobs"),
            ("/time", "/time"),
            ("/times/x", "/times/x"),
            ("/time/time/x", "/time/x"),
        ] {
            assert_eq!(time.below(path), below, "{path}");
        }
        assert_eq!(base("").unwrap().below("/api/v1/jobs"), "/api/v1/jobs");
        assert_eq!(time.places("/docs"), ["/docs", "/time/docs"]);
        assert_eq!(base("").unwrap().places("/docs"), ["/docs"]);
    }
}
