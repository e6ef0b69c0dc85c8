//! The address at which people reach this service.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

/// The origin at which browsers reach this service, such as `https://time.example.org`; empty, when it is not told. Clones
/// share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl(Arc<str>);

/// The text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "must be `https://HOST` or `http://HOST`, with a port if it is not the usual one, in lower case, and nothing after it"
)]
pub struct PublicUrlError;

impl PublicUrl {
    /// Empty when it is not told.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach the service over TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = PublicUrlError;

    fn try_from(text: String) -> Result<Self, PublicUrlError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        // As browsers write an origin (RFC 6454, section 6.2): they leave out the usual port.
        let (rest, usual) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, ":443"),
            (_, Some(rest)) => (rest, ":80"),
            _ => return Err(PublicUrlError),
        };
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
        let is_origin =
            text.parse::<actix_web::http::Uri>().is_ok_and(|uri| uri.authority().is_some_and(|it| it == rest));
        if rest.bytes().all(fits) && is_origin && !rest.ends_with(usual) && !rest.ends_with(':') {
            Ok(Self(text.into()))
        } else {
            Err(PublicUrlError)
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PublicUrl, PublicUrlError> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in
            ["", "https://time.example.org", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443", "http://h:8443"]
        {
            assert_eq!(read(good).map(|url| url.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "time.example.org",
            "https://",
            "https://h/",
            "https://h/time",
            "https://h:443",
            "http://h:80",
            "https://H",
            "https://u@h",
            "ftp://h",
            "https://h:",
            "https://h?x",
        ] {
            assert_eq!(read(bad), Err(PublicUrlError), "{bad}");
        }
        assert!(read("https://h").unwrap().is_secure() && !read("http://h").unwrap().is_secure());
    }
}
