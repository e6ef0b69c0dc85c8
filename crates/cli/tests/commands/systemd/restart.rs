//! A restart on a socket that another process holds refuses no connection: new ones wait in the backlog.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use super::{activated, on_systemds_socket};
use crate::support::{PATIENCE, Server, Stint};

const RESTARTS: usize = 5;
const CLIENTS: usize = 8;
/// How many answers each process gives before it is told to end.
const ANSWERS: usize = 300;

type Answered = Result<(), String>;

/// Sends each request over a new connection.
fn ask<S: Read + Write>(
    connect: impl Fn() -> io::Result<S>,
    token: &str,
    going_on: &AtomicBool,
    answered: &Sender<Answered>,
) {
    let request = format!(
        "GET /api/v1/jobs HTTP/1.1\r\nHost: stint\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    let once = || -> io::Result<String> {
        let (mut stream, mut answer) = (connect()?, String::new());
        stream.write_all(request.as_bytes())?;
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    while going_on.load(Ordering::Relaxed) {
        let result = match once() {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => Ok(()),
            Ok(answer) => Err(format!("answered {answer:?}")),
            Err(error) => Err(error.to_string()),
        };
        if answered.send(result).is_err() {
            return;
        }
    }
}

/// Waits for answers, and returns the failures.
fn failures(answered: &Receiver<Answered>, answers: usize) -> Vec<String> {
    (0..answers).filter_map(|_| answered.recv_timeout(PATIENCE).unwrap().err()).collect()
}

/// The failures of clients while the service on this socket is restarted repeatedly.
fn failures_over_restarts<S: Read + Write>(
    stint: &Stint,
    socket: impl Fn() -> OwnedFd,
    connect: impl Fn() -> io::Result<S> + Sync,
) -> Vec<String> {
    let (token, going_on) = (stint.token("read"), AtomicBool::new(true));
    let (sender, answered) = mpsc::channel();
    let mut server = Server::start(activated(stint, socket()));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let sender = sender.clone();
            scope.spawn(|| ask(&connect, &token, &going_on, &{ sender }));
        }
        let mut failed = Vec::new();
        for _ in 0..RESTARTS {
            failed.extend(failures(&answered, ANSWERS));
            server.signal("TERM");
            assert!(server.ended().success());
            server = Server::start(activated(stint, socket()));
        }
        failed.extend(failures(&answered, ANSWERS));
        going_on.store(false, Ordering::Relaxed);
        // Wait for the last answers while the last process still runs.
        drop(sender);
        failed.extend(answered.iter().filter_map(Result::err));
        failed
    })
}

#[test]
fn a_restart_on_a_unix_socket_refuses_nobody() {
    let stint = on_systemds_socket();
    let path = stint.path("stint.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let failed = failures_over_restarts(&stint, || socket.try_clone().unwrap().into(), || UnixStream::connect(&path));
    assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), &failed[..failed.len().min(5)]);
}

#[test]
fn a_restart_on_a_tcp_socket_refuses_nobody() {
    let stint = on_systemds_socket();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let failed = failures_over_restarts(&stint, || socket.try_clone().unwrap().into(), || TcpStream::connect(address));
    assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), &failed[..failed.len().min(5)]);
}
