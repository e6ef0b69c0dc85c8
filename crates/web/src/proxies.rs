//! Where requests come from: the peer, or what a trusted proxy says of its own peer.

mod forwarded;

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
    /// Where the request comes from. Of the addresses in `Forwarded` or `X-Forwarded-For` it is the last one that no trusted
    /// proxy has; a client can only add addresses before that. A proxy that writes one of the headers may pass on what a
    /// client wrote into the other one, so if both are there and differ, neither counts. `None` for a peer at a Unix socket
    /// of whom nothing is said.
    pub(crate) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr().map(|address| address.ip().to_canonical());
        if !self.trust(peer) {
            return peer;
        }
        let mut told = forwarded::said(request.headers()).map(|hops| self.farthest(peer, &hops));
        match (told.next(), told.next()) {
            (Some(client), None) => client,
            (Some(one), Some(other)) if one == other => one,
            _ => peer,
        }
    }

    /// The first sender that is no trusted proxy, or the last one that is known.
    fn farthest(&self, peer: Option<IpAddr>, hops: &[Option<IpAddr>]) -> Option<IpAddr> {
        let mut client = peer;
        for hop in hops.iter().take_while(|hop| hop.is_some()) {
            client = *hop;
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
    use proptest::prelude::*;

    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        text.to_owned().try_into().unwrap()
    }

    /// The client, by lines such as `forwarded: for=192.0.2.1`. Without a name they are of `X-Forwarded-For`.
    fn client(trusted: &str, peer: Option<&str>, lines: &[&str]) -> Option<String> {
        let mut request = TestRequest::default();
        if let Some(peer) = peer {
            request = request.peer_addr((peer.parse::<IpAddr>().unwrap(), 4711).into());
        }
        for line in lines {
            let header = match line.strip_prefix("forwarded: ") {
                Some(value) => ("forwarded", value),
                None => ("x-forwarded-for", *line),
            };
            request = request.append_header(header);
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
        assert_eq!(of(&["1.1.1.1, , 10.0.0.3"]), "10.0.0.3");
        assert_eq!(of(&["", "203.0.113.1"]), "203.0.113.1");
    }

    #[test]
    fn the_standard_header_tells_the_same() {
        let of = |forwarded: &[&str]| client("10.0.0.0/8", Some("10.0.0.1"), forwarded).unwrap();
        assert_eq!(of(&["forwarded: for=1.1.1.1, for=203.0.113.1;proto=https"]), "203.0.113.1");
        assert_eq!(of(&[r#"forwarded: for="[2001:db8::1]:4711", for=10.0.0.2"#]), "2001:db8::1", "two proxies");
        assert_eq!(of(&["forwarded: for=1.1.1.1", "forwarded: for=203.0.113.1"]), "203.0.113.1", "in several lines");
        for unknown in ["unknown", "_hidden", ""] {
            assert_eq!(of(&[&format!("forwarded: for={unknown}, for=10.0.0.3")]), "10.0.0.3", "{unknown}");
            assert_eq!(of(&[&format!("forwarded: for=1.1.1.1, for={unknown}")]), "10.0.0.1", "{unknown}");
        }
        assert_eq!(of(&["forwarded: for=\"1.1.1.1", "forwarded: for=203.0.113.1"]), "203.0.113.1");
        assert_eq!(of(&["forwarded: for=\"1.1.1.1, for=203.0.113.1"]), "10.0.0.1", "an open quotation hides the rest");
        assert_eq!(of(&["forwarded: for=1.1.1.1;host=\", for=203.0.113.1"]), "10.0.0.1");
        assert_eq!(client("", Some("10.0.0.1"), &["forwarded: for=203.0.113.1"]).unwrap(), "10.0.0.1");
    }

    #[test]
    fn two_headers_that_differ_tell_nothing() {
        let of = |lines: &[&str]| client("10.0.0.0/8", Some("10.0.0.1"), lines).unwrap();
        assert_eq!(of(&["forwarded: for=203.0.113.1", "203.0.113.1"]), "203.0.113.1");
        assert_eq!(of(&["forwarded: for=1.1.1.1, for=203.0.113.1", "203.0.113.1"]), "203.0.113.1");
        // Whichever of them the proxy wrote, a client cannot choose its own address by the other one.
        assert_eq!(of(&["forwarded: for=1.1.1.1", "203.0.113.1"]), "10.0.0.1");
        assert_eq!(of(&["forwarded: for=203.0.113.1", "1.1.1.1"]), "10.0.0.1");
        assert_eq!(of(&["forwarded: for=unknown", "203.0.113.1"]), "10.0.0.1");
        assert_eq!(of(&["forwarded: ", "203.0.113.1"]), "203.0.113.1", "an empty header is none");
    }

    proptest! {
        /// A proxy appends to what the client sent, to the same line or as one more.
        #[test]
        fn whatever_a_client_sends_it_is_itself_or_the_proxy(
            sent in r#"[ -~]{0,40}|(for=|host=|1\.1\.1\.1|"|\\|,|;|=|\[::1\]| |é){0,9}"#,
            of_proxy in prop::sample::select(vec!["for=203.0.113.9", "by=_x;for=\"203.0.113.9:80\";proto=\"https\""]),
            one_line: bool,
            standard: bool,
        ) {
            let (name, of_proxy) = if standard { ("forwarded", of_proxy) } else { ("x-forwarded-for", "203.0.113.9") };
            let peer = (IpAddr::from([10, 0, 0, 1]), 4711).into();
            let mut request = TestRequest::default().peer_addr(peer);
            if one_line {
                request = request.append_header((name, format!("{sent}, {of_proxy}")));
            } else {
                request = request.append_header((name, sent)).append_header((name, of_proxy));
            }
            let client = proxies("10.0.0.0/8").client(&request.to_http_request()).unwrap().to_string();
            prop_assert!(["203.0.113.9", "10.0.0.1"].contains(&client.as_str()), "{client}");
        }
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
