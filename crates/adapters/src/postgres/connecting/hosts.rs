//! The hosts of a text, in order, and the addresses of each.
//!
//! The zone of an IPv6 address (`fe80::1%eth0`) is deliberately dropped: tokio-postgres has no place for it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::PathBuf;

use super::error::NotUnderstood;
use super::options::{Options, wrong};

/// Where servers of this machine have their socket, if no host is named: Debian's folder, then Postgres's own.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const PORT: u16 = 5432;

/// A server as the text names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or the folder of a socket. `None` means a socket of this machine.
    pub(super) name: Option<String>,
    /// The address, if it is not to be looked up.
    ip: Option<IpAddr>,
    pub(super) port: u16,
}

/// A way to reach a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Ip(IpAddr),
    /// The folder of a socket. One that begins with a NUL is a name in Linux's abstract space.
    Folder(PathBuf),
}

/// All hosts of `host`, `hostaddr` and `port`. There is at least one.
pub(super) fn hosts(options: &Options) -> Result<Vec<Host>, NotUnderstood> {
    let list = |name| options.get(name).map(|value| value.split(',').map(Some).collect::<Vec<_>>());
    let (names, addresses) = (list("host"), list("hostaddr"));
    let hosts = addresses.as_ref().or(names.as_ref()).map_or(1, Vec::len);
    let names = names.unwrap_or_else(|| vec![None; hosts]);
    if names.len() != hosts {
        return Err(NotUnderstood::Addresses { hosts: names.len(), addresses: hosts });
    }
    let mut ports = list("port").unwrap_or_else(|| vec![None]);
    if ports.len() == 1 {
        ports = vec![ports[0]; hosts];
    }
    if ports.len() != hosts {
        return Err(NotUnderstood::Ports { hosts, ports: ports.len() });
    }
    let addresses = addresses.unwrap_or_else(|| vec![None; hosts]);
    let all = names.into_iter().zip(addresses).zip(ports);
    all.map(|((name, ip), port)| Host::parse(name.unwrap_or(""), ip.unwrap_or(""), port.unwrap_or(""))).collect()
}

/// A random order, for `load_balance_hosts=random`. The hasher's keys are random, which is enough to spread load.
pub(super) fn shuffle<T>(list: &mut [T]) {
    let mut at = 0;
    list.sort_by_cached_key(|_| {
        at += 1;
        RandomState::new().hash_one(at)
    });
}

impl Host {
    fn parse(name: &str, ip: &str, port: &str) -> Result<Self, NotUnderstood> {
        let (name, ip, port) = (name.trim(), ip.trim(), port.trim());
        let port = if port.is_empty() { Some(PORT) } else { port.parse().ok().filter(|port| *port > 0) };
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            ip: if ip.is_empty() { None } else { Some(ip.parse().or_else(|_| wrong("hostaddr", ip, "IP addresses"))?) },
            port: port.ok_or(NotUnderstood::Port)?,
        })
    }

    /// Every address to try. Asks the system's resolver for a name.
    pub(super) async fn addresses(&self) -> std::io::Result<Vec<Address>> {
        match (self.ip, self.name.as_deref()) {
            (Some(ip), _) => Ok(vec![Address::Ip(ip)]),
            (None, None) => Ok(SOCKETS.map(|folder| Address::Folder(PathBuf::from(folder))).into()),
            (None, Some(name)) if name.starts_with('/') => Ok(vec![Address::Folder(PathBuf::from(name))]),
            (None, Some(name)) if name.starts_with('@') => {
                Ok(vec![Address::Folder(PathBuf::from(name.replacen('@', "\0", 1)))])
            }
            (None, Some(name)) => {
                let found = tokio::net::lookup_host((name, self.port)).await?;
                Ok(found.map(|address| Address::Ip(address.ip())).collect())
            }
        }
    }

    /// The name under which the password file knows this host.
    pub(super) fn name_for_password(&self) -> String {
        match (&self.name, self.ip) {
            (Some(name), _) if !SOCKETS.contains(&name.as_str()) => name.clone(),
            (None, Some(ip)) => ip.to_string(),
            _ => "localhost".to_owned(),
        }
    }

    /// Names an attempt, as in `server at "db.example" (10.0.0.1), port 5432`.
    pub(super) fn place(&self, address: &Address) -> String {
        match (address, &self.name) {
            (Address::Ip(ip), Some(name)) if *name != ip.to_string() => {
                format!("server at \"{name}\" ({ip}), port {}", self.port)
            }
            (Address::Ip(ip), _) => format!("server at {ip}, port {}", self.port),
            (Address::Folder(folder), _) => {
                let folder = folder.to_string_lossy().replacen('\0', "@", 1);
                format!("server on socket {folder}/.s.PGSQL.{}", self.port)
            }
        }
    }
}

impl fmt::Display for Host {
    /// Names a host whose addresses are not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server at \"{}\", port {}", self.name.as_deref().unwrap_or_default(), self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::Environment;
    use super::*;

    fn of(text: &str) -> Result<Vec<Host>, NotUnderstood> {
        hosts(&Options::collected(text, &[], &Environment::of(&[], None))?)
    }

    fn host(name: &str, ip: &str, port: u16) -> Host {
        Host { name: (!name.is_empty()).then(|| name.to_owned()), ip: ip.parse().ok(), port }
    }

    #[test]
    fn hosts_have_their_own_ports_or_share_one() {
        assert_eq!(of(""), Ok(vec![host("", "", 5432)]));
        assert_eq!(of("postgres://a,b"), Ok(vec![host("a", "", 5432), host("b", "", 5432)]));
        assert_eq!(of("postgres://a:1,b"), Ok(vec![host("a", "", 1), host("b", "", 5432)]));
        assert_eq!(of("host=a,b,/run port=7"), Ok(vec![host("a", "", 7), host("b", "", 7), host("/run", "", 7)]));
        assert_eq!(
            of("host=a,b hostaddr=10.0.0.1,::1 port=1,2"),
            Ok(vec![host("a", "10.0.0.1", 1), host("b", "::1", 2)])
        );
        assert_eq!(of("hostaddr=10.0.0.1"), Ok(vec![host("", "10.0.0.1", 5432)]));
        assert_eq!(of("postgres:///d?host=a,b&port=1,2"), Ok(vec![host("a", "", 1), host("b", "", 2)]));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(of("host=a,b port=1,2,3"), Err(NotUnderstood::Ports { hosts: 2, ports: 3 }));
        assert_eq!(of("host=a,b hostaddr=::1"), Err(NotUnderstood::Addresses { hosts: 2, addresses: 1 }));
        for port in ["0", "65536", "hunter2", "-1"] {
            assert_eq!(of(&format!("host=a port={port}")), Err(NotUnderstood::Port));
        }
        assert!(matches!(of("hostaddr=db.example"), Err(NotUnderstood::Value { name: "hostaddr", .. })));
    }

    #[tokio::test]
    async fn a_socket_is_a_folder_and_an_address_is_not_looked_up() {
        let addresses = async |name, ip| host(name, ip, 1).addresses().await.unwrap();
        let folder = |path: &str| Address::Folder(PathBuf::from(path));
        assert_eq!(addresses("", "").await, SOCKETS.map(folder));
        assert_eq!(addresses("/run/pg", "").await, [folder("/run/pg")]);
        assert_eq!(addresses("@pg", "").await, [folder("\0pg")]);
        assert_eq!(addresses("no.such.host.invalid", "10.0.0.1").await, [Address::Ip([10, 0, 0, 1].into())]);
        assert_eq!(addresses("::1", "").await, [Address::Ip("::1".parse().unwrap())]);
        assert_eq!(host("@pg", "", 7).place(&folder("\0pg")), "server on socket @pg/.s.PGSQL.7");
    }

    #[test]
    fn a_random_order_has_everything_and_changes() {
        let ordered: Vec<u32> = (0..20).collect();
        let mut list = ordered.clone();
        shuffle(&mut list);
        assert_ne!(list, ordered);
        list.sort_unstable();
        assert_eq!(list, ordered);
    }
}
