//! A connection between the server and Postgres that a test can cut or silence.
//!
//! It runs on a thread of its own, so that it carries on while a test waits for a process.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// What happens to the bytes that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// They arrive.
    Up,
    /// Connections break, and new ones break at once.
    Cut,
    /// Connections stay open, new ones are accepted, and nothing arrives any more.
    Silent,
}

pub(super) struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(super) fn to(upstream: SocketAddr) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (line, state) = watch::channel(Line::Up);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, upstream, state) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, line, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(listener: std::net::TcpListener, upstream: SocketAddr, line: watch::Receiver<Line>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        tokio::spawn(carry(client, upstream, line.clone()));
    }
}

/// Forwards one connection both ways until an end closes it or the connection is cut.
async fn carry(client: TcpStream, upstream: SocketAddr, line: watch::Receiver<Line>) {
    let mut cut = line.clone();
    let carried = async {
        until_up(line.clone()).await;
        let Ok(server) = TcpStream::connect(upstream).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = pump(from_client, to_server, line.clone()) => {}
            () = pump(from_server, to_client, line) => {}
        }
    };
    tokio::select! {
        () = carried => {}
        _ = cut.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pump(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, line: watch::Receiver<Line>) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        until_up(line.clone()).await;
        if to.write_all(&chunk[..length]).await.is_err() {
            break;
        }
    }
}

async fn until_up(mut line: watch::Receiver<Line>) {
    drop(line.wait_for(|line| *line == Line::Up).await);
}
