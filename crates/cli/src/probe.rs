//! One GET to a service on this machine, over a connection of its own. A service asks itself before it reports ready,
//! and `stint check health` asks it. This is no general client: no TLS, no host names, no redirects.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{sleep, timeout};

use crate::settings::Listen;

/// Far longer than any answer that this module asks for.
const LONGEST: u64 = 64 * 1024;
/// The pause before a Unix socket with a full backlog is tried again: there is no event when it has room.
const FULL: Duration = Duration::from_millis(50);

/// The address of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Tcp(SocketAddr),
    /// `@name` is an abstract socket, without a file.
    Unix(PathBuf),
}

/// The service's answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Target {
    /// How this machine reaches a listener. `None` for an inherited socket, whose address is unknown.
    pub(crate) fn of(listen: &Listen) -> Option<Self> {
        match listen {
            Listen::Tcp(address) => Some(Self::of_address(*address)),
            Listen::Unix(path) => Some(Self::Unix(path.clone())),
            Listen::Systemd => None,
        }
    }

    /// A listener on every address is asked on loopback.
    pub(crate) fn of_address(mut address: SocketAddr) -> Self {
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        Self::Tcp(address)
    }

    /// The answer to a GET, if it is complete within the limit.
    pub(crate) async fn get(&self, path: &str, limit: Duration) -> io::Result<Answer> {
        let asked = async {
            match self {
                Self::Tcp(address) => exchange(TcpStream::connect(address).await?, path).await,
                Self::Unix(socket) => exchange(connect(socket).await?, path).await,
            }
        };
        timeout(limit, asked).await.unwrap_or_else(|_| {
            Err(io::Error::new(ErrorKind::TimedOut, format!("no answer within {} ms", limit.as_millis())))
        })
    }
}

/// Connects, and waits while the backlog is full, as TCP connections do by themselves.
async fn connect(path: &Path) -> io::Result<UnixStream> {
    let path = match path.to_str().and_then(|path| path.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path.to_owned(),
    };
    loop {
        match UnixStream::connect(&path).await {
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(FULL).await,
            connected => return connected,
        }
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::other("the answer is not HTTP/1.1"))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split_whitespace().next()?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::net::{TcpListener, UnixListener};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// Answers one connection.
    async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) {
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap();
        assert!(request[..read].starts_with(b"GET /readyz HTTP/1.1\r\n"));
        stream.write_all(text.as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn status_and_body_come_over_either_kind_of_socket() {
        let expected = Answer { status: 503, body: "{}".to_owned() };
        let text = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}";
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let target = Target::of_address(listener.local_addr().unwrap());
        let serve = async { answer(listener.accept().await.unwrap().0, text).await };
        assert_eq!(tokio::join!(target.get("/readyz", LIMIT), serve).0.unwrap(), expected);

        let dir = TempDir::new().unwrap();
        let path = dir.path().join("stint.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let target = Target::of(&Listen::Unix(path)).unwrap();
        let serve = async { answer(listener.accept().await.unwrap().0, text).await };
        assert_eq!(tokio::join!(target.get("/readyz", LIMIT), serve).0.unwrap(), expected);
    }

    #[tokio::test]
    async fn who_does_not_answer_in_time_or_not_in_http_has_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::of_address(listener.local_addr().unwrap());
        let failure = target.get("/readyz", Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(failure.to_string(), "no answer within 20 ms");

        let (_silent, _) = listener.accept().await.unwrap();
        let serve = async { answer(listener.accept().await.unwrap().0, "SSH-2.0-x\r\n\r\n").await };
        let failure = tokio::join!(target.get("/readyz", LIMIT), serve).0.unwrap_err();
        assert_eq!(failure.to_string(), "the answer is not HTTP/1.1");
        drop(listener);
        assert_eq!(target.get("/readyz", LIMIT).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn whoever_listens_everywhere_is_asked_on_loopback() {
        let asked = |listen: &str| Target::of(&listen.parse().unwrap());
        assert_eq!(asked("0.0.0.0:80"), Some(Target::Tcp("127.0.0.1:80".parse().unwrap())));
        assert_eq!(asked("[::]:80"), Some(Target::Tcp("[::1]:80".parse().unwrap())));
        assert_eq!(asked("10.0.0.1:80"), Some(Target::Tcp("10.0.0.1:80".parse().unwrap())));
        assert_eq!(asked("systemd"), None);
    }
}
