//! Where requests come from: the peer, or what a trusted proxy says of its own peer.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::HttpRequest;
use serde::Deserialize;
use thiserror::Error;

/// How peers at a Unix socket are named in the list.
const UNIX: &str = "unix";

/// The proxies that may say where a request comes from. Clones share the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxies(Arc<[Proxy]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proxy {
    /// Whoever connects to a Unix socket.
    Unix,
    /// Those whose first so many bits are these.
    Net { address: IpAddr, bits: u8 },
}

/// A part of the list is neither an address, a network, nor `unix`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "must be addresses such as 192.0.2.1, networks such as 192.0.2.0/24, or `unix`, separated by commas; got `{0}`"
)]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// Where the request comes from. Of the addresses in `X-Forwarded-For` it is the last one that no trusted proxy has; a
    /// client can only add addresses before that. `None` for a peer at a Unix socket of whom nothing is said.
    pub(crate) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr().map(|address| address.ip().to_canonical());
        let mut client = peer;
        if !self.trust(peer) {
            return client;
        }
        let lines: Vec<_> =
            request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
        for part in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = address(part.trim()) else { break };
            client = Some(address);
            if !self.trust(client) {
                break;
            }
        }
        client
    }

    /// Whether some network in the list has every address: then clients choose where they seem to come from.
    pub fn trust_everybody(&self) -> bool {
        self.0.iter().any(|proxy| matches!(proxy, Proxy::Net { bits: 0, .. }))
    }

    /// Whether the list has an address or a network, and so may name a proxy that connects over TCP.
    pub fn have_addresses(&self) -> bool {
        self.0.iter().any(|proxy| matches!(proxy, Proxy::Net { .. }))
    }

    fn trust(&self, peer: Option<IpAddr>) -> bool {
        self.0.iter().any(|proxy| match (proxy, peer) {
            (Proxy::Unix, None) => true,
            (Proxy::Net { address, bits }, Some(peer)) => is_within(peer, *address, *bits),
            _ => false,
        })
    }
}

/// An address, which may have a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.split_once(']')).map(|(bare, _port)| bare);
    let parsed = bare
        .unwrap_or(text)
        .parse()
        .or_else(|error| text.parse().map(|it: std::net::SocketAddr| it.ip()).or(Err(error)));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

fn is_within(peer: IpAddr, net: IpAddr, bits: u8) -> bool {
    let differs = match (peer, net) {
        (IpAddr::V4(peer), IpAddr::V4(net)) => u128::from(peer.to_bits() ^ net.to_bits()) << 96,
        (IpAddr::V6(peer), IpAddr::V6(net)) => peer.to_bits() ^ net.to_bits(),
        _ => return false,
    };
    bits == 0 || differs >> (128 - u32::from(bits)) == 0
}

impl FromStr for Proxy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == UNIX {
            return Ok(Self::Unix);
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().or(Err(()))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).or(Err(()))?;
        if bits <= most { Ok(Self::Net { address, bits }) } else { Err(()) }
    }
}

impl TryFrom<String> for TrustedProxies {
    type Error = TrustedProxiesError;

    fn try_from(text: String) -> Result<Self, TrustedProxiesError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let proxies = parts.map(|part| part.parse().map_err(|()| TrustedProxiesError(part.to_owned())));
        Ok(Self(proxies.collect::<Result<Vec<_>, _>>()?.into()))
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.iter().map(|proxy| match proxy {
            Proxy::Unix => UNIX.to_owned(),
            Proxy::Net { address, bits } => format!("{address}/{bits}"),
        });
        f.write_str(&text.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        text.to_owned().try_into().unwrap()
    }

    fn client(trusted: &str, peer: Option<&str>, forwarded: &[&str]) -> Option<String> {
        let mut request = TestRequest::default();
        if let Some(peer) = peer {
            request = request.peer_addr((peer.parse::<IpAddr>().unwrap(), 4711).into());
        }
        for line in forwarded {
            request = request.append_header(("x-forwarded-for", *line));
        }
        proxies(trusted).client(&request.to_http_request()).map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let of = |trusted, peer, forwarded| client(trusted, Some(peer), forwarded).unwrap();
        assert_eq!(of("", "192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        assert_eq!(of("192.0.2.0/24", "192.0.2.7", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(of("192.0.2.0/24", "198.51.100.7", &["203.0.113.1"]), "198.51.100.7");
        assert_eq!(of("127.0.0.1", "::ffff:127.0.0.1", &["203.0.113.1:4711"]), "203.0.113.1");
        assert_eq!(client("unix", None, &["[2001:db8::1]:80"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(client("", None, &["203.0.113.1"]), None);
        assert_eq!(client("unix", None, &[]), None);
    }

    #[test]
    fn what_the_client_itself_says_does_not_count() {
        let of = |forwarded: &[&str]| client("10.0.0.0/8", Some("10.0.0.1"), forwarded).unwrap();
        assert_eq!(of(&["1.1.1.1, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(of(&["1.1.1.1, 203.0.113.1, 10.0.0.2"]), "203.0.113.1", "two proxies");
        assert_eq!(of(&["1.1.1.1", "203.0.113.1", "10.0.0.2"]), "203.0.113.1", "in several lines");
        assert_eq!(of(&["10.0.0.9, 10.0.0.3"]), "10.0.0.9", "a client within the net");
        assert_eq!(of(&["1.1.1.1, unknown, 10.0.0.3"]), "10.0.0.3");
    }

    #[test]
    fn a_list_has_addresses_networks_and_unix() {
        assert_eq!(proxies(" unix, 192.0.2.1 ,2001:db8::/32,").to_string(), "unix,192.0.2.1/32,2001:db8::/32");
        for bad in ["local", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/x"] {
            let refused = TrustedProxies::try_from(format!("unix,{bad}"));
            assert_eq!(refused, Err(TrustedProxiesError(bad.to_owned())));
        }
        assert!(client("0.0.0.0/0", Some("198.51.100.7"), &["203.0.113.1"]).as_deref() == Some("203.0.113.1"));
    }

    #[test]
    fn a_list_tells_whether_it_trusts_everybody_and_whether_it_has_addresses() {
        for (list, everybody, addresses) in [
            ("", false, false),
            ("unix", false, false),
            ("unix,10.0.0.0/8", false, true),
            ("0.0.0.0/0", true, true),
            ("unix,192.0.2.1,::/0", true, true),
        ] {
            let proxies = proxies(list);
            assert_eq!((proxies.trust_everybody(), proxies.have_addresses()), (everybody, addresses), "{list}");
        }
    }
}
