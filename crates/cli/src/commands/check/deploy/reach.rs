//! Checks how people and programs reach the service: where it listens, the address that people type, the path, and
//! the proxies before it.

use super::Finding;
use crate::settings::{HttpSettings, Listen};

pub(super) fn look(http: &HttpSettings) -> Vec<Finding> {
    [listening(http), public_url(http), base_path(http), proxies(http)].into_iter().flatten().collect()
}

fn listening(http: &HttpSettings) -> Option<Finding> {
    match &http.listen {
        Listen::Tcp(address) if !address.ip().is_loopback() => Some(Finding::warning(
            format!("http.listen is {address}: tokens cross the network in clear text"),
            "listen on 127.0.0.1 or a Unix socket behind a proxy that speaks TLS",
        )),
        Listen::Unix(path) if http.socket_mode.0 & 0o002 != 0 => Some(Finding::warning(
            format!("every user of this machine may connect to {}", path.display()),
            "set http.socket_mode to 0660, and give the socket's group to the proxy",
        )),
        _ => None,
    }
}

fn public_url(http: &HttpSettings) -> Option<Finding> {
    let url = &http.public_url;
    if url.as_str().is_empty() {
        return Some(Finding::warning(
            "http.public_url is empty: links do not begin with the address that people type, and browsers send cookies over plain HTTP, too",
            "set it to that address, such as https://time.example.org",
        ));
    }
    (!url.is_secure() && !url.is_loopback()).then(|| {
        Finding::serious(
            format!("http.public_url is {url}: passwords and cookies cross the network in clear text"),
            "serve Stint behind a proxy that speaks TLS, and begin http.public_url with https://",
        )
    })
}

/// A browser keeps hosts apart, not paths.
fn base_path(http: &HttpSettings) -> Option<Finding> {
    let path = http.base_path.as_str();
    (!path.is_empty()).then(|| {
        Finding::warning(
            format!(
                "http.base_path is {path}: every other application of the same host can act as whoever is signed in"
            ),
            "serve Stint under a host name of its own, unless all applications of this host are trusted",
        )
    })
}

/// Whether clients can choose the address that limits, logs and guesses at passwords are counted by, or share the proxy's.
fn proxies(http: &HttpSettings) -> Option<Finding> {
    let (trusted, is_tcp) = (&http.trusted_proxies, matches!(http.listen, Listen::Tcp(_)));
    if trusted.trust_everybody() {
        let (what, fix) = (
            format!(
                "http.trusted_proxies is {trusted}: clients choose, by Forwarded or X-Forwarded-For, the address that wrong passwords are counted by"
            ),
            "name only the addresses of the proxies, or `unix`",
        );
        let is_beyond_loopback = matches!(&http.listen, Listen::Tcp(address) if !address.ip().is_loopback());
        return Some(if is_beyond_loopback { Finding::serious(what, fix) } else { Finding::warning(what, fix) });
    }
    // Stint speaks no TLS itself, so there is a proxy.
    (is_tcp && http.public_url.is_secure() && !trusted.have_addresses()).then(|| {
        Finding::warning(
            "http.trusted_proxies names no address, but http.public_url is https and http.listen a port: all people share the proxy's address, and so the count of wrong passwords",
            "name the address from which the proxy connects, such as 127.0.0.1",
        )
    })
}
