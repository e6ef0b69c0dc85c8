//! HTTP written by hand, for requests that no ordinary client sends: one connection, bytes in, an answer out.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::Answer;
use crate::support::PATIENCE;

/// How long a server may take to close a connection: far less than the 30 seconds for which it keeps an idle one.
const CLOSING: Duration = Duration::from_secs(15);

/// One connection to a server.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// The server's reply.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Answer),
    /// The server closed the connection without an answer.
    Closed,
}

impl Reply {
    #[track_caller]
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Answer(answer) => answer,
            Self::Closed => panic!("the connection was closed without an answer"),
        }
    }
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// Writes bytes. A server that has already answered may refuse to read the rest.
    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("the server reads nothing").is_ok()
    }

    /// Says that nothing more will be sent.
    pub(super) async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// One request and its answer.
    pub(super) async fn exchange(&mut self, request: impl AsRef<[u8]>) -> Reply {
        self.write(request).await;
        self.reply().await
    }

    /// The next answer. The test fails if neither an answer nor the end of the connection comes.
    pub(super) async fn reply(&mut self) -> Reply {
        timeout(PATIENCE, self.read_reply()).await.expect("the connection is stuck")
    }

    /// Reads until the server closes the connection, or the time is up.
    pub(super) async fn is_closed(&mut self) -> bool {
        let mut rest = [0; 1024];
        loop {
            match timeout(CLOSING, self.stream.read(&mut rest)).await {
                Ok(Ok(0) | Err(_)) => return true,
                Ok(Ok(_)) => {}
                Err(_) => return false,
            }
        }
    }

    async fn read_reply(&mut self) -> Reply {
        loop {
            match self.read_response().await {
                Reply::Answer(interim) if interim.status == 100 => {}
                reply => return reply,
            }
        }
    }

    /// One response, an interim one such as `100 Continue` included.
    pub(super) async fn read_response(&mut self) -> Reply {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if !self.fill().await {
                return Reply::Closed;
            }
        };
        let head = String::from_utf8_lossy(&self.read[..head_end]).into_owned();
        self.read.drain(..head_end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer { status: status.unwrap_or_else(|| panic!("no HTTP: {head}")), headers, body: vec![] };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            if !self.fill().await {
                return Reply::Closed;
            }
        }
        answer.body = self.read.drain(..length).collect();
        Reply::Answer(answer)
    }

    async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.read).await, Ok(1..))
    }
}
