//! Sockets, and how much of what nobody reads the kernel may keep for them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// The most bytes that the kernel keeps of what was written. Left to itself it keeps megabytes for each connection.
const SEND_BUFFER: usize = 64 * 1024;
/// The most bytes of these that it has not sent yet because the client has no room for them.
const UNSENT: u32 = 16 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A listening socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    /// A new TCP socket, and its address with the port that the system chose, when 0 was asked for.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from(socket);
        let address = socket.local_addr()?;
        Ok((Self::Tcp(socket), address))
    }

    /// Bounds what the kernel keeps for its connections, and how long: what a TCP socket is told here, the connections
    /// that it accepts inherit. So what a client has not read after this time is thrown away even when the connection
    /// was closed meanwhile.
    pub(super) fn bound(&self, write_timeout: Duration) -> io::Result<()> {
        let Self::Tcp(socket) = self else { return Ok(()) };
        let socket = SockRef::from(socket);
        socket.set_send_buffer_size(SEND_BUFFER)?;
        #[cfg(target_os = "linux")]
        {
            socket.set_tcp_user_timeout(Some(write_timeout))?;
            socket.set_tcp_notsent_lowat(UNSENT)?;
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (write_timeout, UNSENT);
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

/// A connection of either kind.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Prepares a connection that was just accepted.
    fn prepare(&self) -> io::Result<()>;

    /// Who is at its other end, when that is known.
    fn peer(&self) -> Option<SocketAddr>;

    /// Has the kernel throw away what it still keeps for the client when the connection is closed.
    fn forget(&self);
}

impl Transport for TcpStream {
    fn prepare(&self) -> io::Result<()> {
        // Waiting for more of an answer only delays it, by 40 ms when the client delays its ACKs.
        self.set_nodelay(true)
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }

    fn forget(&self) {
        // Where that fails, the kernel gives up by itself after the time that it was told.
        let _ = self.set_zero_linger();
    }
}

impl Transport for UnixStream {
    fn prepare(&self) -> io::Result<()> {
        SockRef::from(self).set_send_buffer_size(SEND_BUFFER)
    }

    fn peer(&self) -> Option<SocketAddr> {
        None
    }

    /// What the other end has is its own.
    fn forget(&self) {}
}
