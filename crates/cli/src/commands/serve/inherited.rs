//! The socket that a service manager passes (`sd_listen_fds(3)`). The manager keeps it open, so connections that come
//! during a restart wait in its backlog. The socket's file belongs to the manager, too.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use listenfd::ListenFd;

use crate::server::Socket;
use crate::settings::Listen;

/// Takes the socket if settings say that there is one. This changes the process's environment, so call it before any
/// threads start.
pub(super) fn take(listen: &Listen) -> Result<Option<Socket>> {
    match listen {
        Listen::Systemd => one(ListenFd::from_env()).context("cannot listen on systemd (http.listen)").map(Some),
        Listen::Tcp(_) | Listen::Unix(_) => Ok(None),
    }
}

fn one(mut passed: ListenFd) -> Result<Socket> {
    match passed.len() {
        0 => bail!("no socket was passed (LISTEN_FDS); start the service through a socket unit, or set an address"),
        1 => {}
        several => bail!("{several} sockets were passed (LISTEN_FDS), but the service takes only one"),
    }
    let inherited = if let Ok(Some(socket)) = passed.take_unix_listener(0) {
        Socket::Unix(socket)
    } else if let Ok(Some(socket)) = passed.take_tcp_listener(0) {
        Socket::Tcp(socket)
    } else {
        bail!("the passed descriptor is not a TCP or Unix stream socket");
    };
    if is_connected(&inherited)? {
        bail!("a connection was passed instead of a listening socket; the socket unit needs Accept=no");
    }
    Ok(inherited)
}

fn is_connected(socket: &Socket) -> io::Result<bool> {
    // Any stream type will do, because no address is read.
    let socket = socket.as_fd().try_clone_to_owned()?;
    Ok(match TcpStream::from(socket).peer_addr() {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotConnected,
    })
}

/// The address of the socket.
pub(super) fn address(socket: &Socket) -> io::Result<Listen> {
    Ok(match socket {
        Socket::Tcp(socket) => Listen::Tcp(socket.local_addr()?),
        Socket::Unix(socket) => Listen::Unix(name(&socket.local_addr()?)),
    })
}

/// A path, or `@` and an abstract name.
fn name(address: &SocketAddr) -> PathBuf {
    if let Some(path) = address.as_pathname() {
        return path.to_owned();
    }
    #[cfg(target_os = "linux")]
    if let Some(name) = std::os::linux::net::SocketAddrExt::as_abstract_name(address) {
        return PathBuf::from(std::ffi::OsStr::from_bytes(&[b"@", name].concat()));
    }
    PathBuf::new()
}
