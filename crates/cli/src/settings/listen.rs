//! Where the service listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// An address of this machine, a Unix socket, or the socket that the service manager passes. Host names are not
/// allowed: a listener has one address, and a name may have several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Listen {
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// The socket of systemd (or of a manager with its protocol), which keeps it open while the service restarts.
    Systemd,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be an address and a port such as `127.0.0.1:8080`, `unix:` and an absolute path, or `systemd`")]
pub(crate) struct ListenError;

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err(ListenError),
            None if text == "systemd" => Ok(Self::Systemd),
            None => text.parse().map(Self::Tcp).ok().ok_or(ListenError),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = ListenError;

    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

/// A Unix socket's permissions. Users who may write to it may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SocketMode(pub(crate) u32);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be octal permissions in quotes, such as `0660`")]
pub(crate) struct SocketModeError;

impl TryFrom<String> for SocketMode {
    type Error = SocketModeError;

    fn try_from(text: String) -> Result<Self, SocketModeError> {
        match u32::from_str_radix(&text, 8) {
            Ok(mode @ 0..=0o777) if !text.starts_with('+') => Ok(Self(mode)),
            _ => Err(SocketModeError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_one_address_or_a_socket() {
        assert_eq!("[::1]:80".parse(), Ok(Listen::Tcp("[::1]:80".parse().unwrap())));
        assert_eq!("unix:/run/stint.sock".parse(), Ok(Listen::Unix("/run/stint.sock".into())));
        assert_eq!("systemd".parse(), Ok(Listen::Systemd));
        for bad in ["", "Systemd", "8080", "localhost:8080", "127.0.0.1", "127.0.0.1:99999", "unix:", "unix:stint.sock"]
        {
            assert_eq!(bad.parse::<Listen>(), Err(ListenError), "{bad}");
        }
    }

    #[test]
    fn a_mode_is_octal() {
        let mode = |text: &str| SocketMode::try_from(text.to_owned()).map(|mode| mode.0);
        assert_eq!(mode("0660"), Ok(0o660));
        for bad in ["", "0o660", "rw", "1777", "9", "+66"] {
            assert_eq!(mode(bad), Err(SocketModeError), "{bad}");
        }
    }
}
