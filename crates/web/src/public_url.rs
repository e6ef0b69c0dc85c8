//! The address at which people reach this service.

use std::fmt;
use std::net::IpAddr;
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
    "must be `https://HOST` or `http://HOST`, in lower case, with a port if it is not the usual one, and nothing after it"
)]
pub struct PublicUrlError;

impl PublicUrl {
    /// Empty when it is not told.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the host is a loopback one: `localhost`, a name below it, or a loopback address. What goes there crosses no
    /// network.
    pub fn is_loopback(&self) -> bool {
        let Some((_, authority)) = self.0.split_once("://") else { return false };
        let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _port)) => address,
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_name = host == "localhost" || host.ends_with(".localhost");
        is_name || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
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
        let usual = if text.starts_with("https://") { ":443" } else { ":80" };
        let text = text.strip_suffix(usual).unwrap_or(&text);
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(PublicUrlError)?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
        let is_origin =
            text.parse::<actix_web::http::Uri>().is_ok_and(|uri| uri.authority().is_some_and(|it| it == rest));
        if rest.bytes().all(fits) && is_origin && !rest.ends_with(':') {
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
        for (usual, written) in
            [("https://h:443", "https://h"), ("http://h:80", "http://h"), ("http://h:443", "http://h:443")]
        {
            assert_eq!(read(usual).map(|url| url.to_string()).as_deref(), Ok(written));
        }
        for bad in [
            "time.example.org",
            "https://",
            "https://h/",
            "https://h/time",
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

    #[test]
    fn loopback_hosts_are_told_from_others() {
        for loopback in ["http://localhost", "http://app.localhost:8080", "http://127.0.0.1:8080", "https://[::1]:8443"]
        {
            assert!(read(loopback).unwrap().is_loopback(), "{loopback}");
        }
        for other in
            ["", "http://time.example.org", "http://192.0.2.1", "http://[2001:db8::1]", "http://localhost.example"]
        {
            assert!(!read(other).unwrap().is_loopback(), "{other}");
        }
    }
}
