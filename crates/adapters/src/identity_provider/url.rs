//! URLs and forms.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `application/x-www-form-urlencoded`, which is a query, too.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(name, &mut out);
        out.push('=');
        encode_into(value, &mut out);
    }
    out
}

/// The URL with a query, after the one that it may have.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let before = if url.contains('?') { '&' } else { '?' };
    format!("{url}{before}{query}")
}

/// The value of `Authorization` for a client: both parts are encoded first (RFC 6749, section 2.3.1).
pub(super) fn basic(client: &str, secret: &str) -> String {
    let mut pair = String::new();
    encode_into(client, &mut pair);
    pair.push(':');
    encode_into(secret, &mut pair);
    format!("Basic {}", STANDARD.encode(pair))
}

/// Appends `text`, with all but unreserved characters (RFC 3986) encoded.
fn encode_into(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Whether the URL is one of HTTPS, or one of HTTP that leads to this very host.
pub(super) fn is_safe(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "::1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_is_encoded() {
        assert_eq!(form(&[("a b", "c&d=é"), ("e", "")]), "a%20b=c%26d%3D%C3%A9&e=");
        assert_eq!(with_query("https://h/a", "x=1"), "https://h/a?x=1");
        assert_eq!(with_query("https://h/a?p=q", "x=1"), "https://h/a?p=q&x=1");
        assert_eq!(basic("stint", "a:b"), format!("Basic {}", STANDARD.encode("stint:a%3Ab")));
    }

    #[test]
    fn only_this_host_is_safe_without_tls() {
        for safe in ["https://id.example.org/x", "http://localhost:1/x", "http://127.0.0.1", "http://[::1]:8/x"] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_ in ["http://id.example.org", "http://localhost.example.org", "http://127.0.0.1@evil", "ftp://x", ""]
        {
            assert!(!is_safe(unsafe_), "{unsafe_}");
        }
    }
}
