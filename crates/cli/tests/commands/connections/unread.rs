//! Clients that do not read their answers, or read them slowly.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::super::systemd::{activated, on_systemds_socket};
use super::{Connection, answer, connect};
use crate::support::{Server, Stint, get, until};

const MANY: usize = 200;
const PIPELINED: usize = 40;
const ASK: &str = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";

/// Sends requests repeatedly, and reads nothing.
fn ask_in_vain(server: &Server) -> Vec<Box<dyn Connection>> {
    let requests = ASK.repeat(PIPELINED);
    let ask = |_| {
        let mut stream = connect(server);
        stream.write_all(requests.as_bytes()).unwrap();
        stream
    };
    (0..MANY).map(ask).collect()
}

/// What the process has allocated, in kibibytes. Its code is in memory as far as it ran, and is not counted.
fn memory(server: &Server) -> u64 {
    let status = server.proc("status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

fn on_a_unix_socket(stint: Stint) -> Stint {
    let path = stint.path("stint.sock").display().to_string();
    stint.set("STINT_HTTP__LISTEN", format!("unix:{path}"))
}

/// Runs `test` on each kind of socket, with a service that soon disconnects clients that read nothing.
fn with_impatient_services(write_timeout: &str, test: impl Fn(Server)) {
    let impatient = |stint: Stint| stint.set("STINT_HTTP__WRITE_TIMEOUT", write_timeout);
    for stint in [Stint::new().migrated(), on_a_unix_socket(Stint::new().migrated())] {
        // Keeps its folder, which holds the socket, until the test is over.
        let stint = impatient(stint);
        test(stint.serve());
    }
    let (stint, inherited) = (impatient(on_systemds_socket()), TcpListener::bind("127.0.0.1:0").unwrap());
    test(Server::start(activated(&stint, inherited)));
}

#[test]
fn answers_that_nobody_reads_take_little_memory_and_give_it_back() {
    const PER_CONNECTION: u64 = 80;
    let stint = Stint::new().migrated();
    let server = stint.serve();
    let (_, document) = answer(&mut { asked_for(&server) }).unwrap();
    assert!(document.len() as u64 > (4 * PER_CONNECTION) << 10, "it is large enough to try with");
    let idle = memory(&server);
    let streams = ask_in_vain(&server);
    until("all are stuck", || server.metric("stint_http_connections") >= MANY as u64);
    let begun = Instant::now();
    let health = connect(&server);
    assert!(get(health, "/healthz", "").starts_with("HTTP/1.1 200 "));
    assert!(begun.elapsed() < Duration::from_secs(5), "others are answered meanwhile");
    let taken = memory(&server).saturating_sub(idle);
    assert!(taken < MANY as u64 * PER_CONNECTION, "{taken} kB for {MANY} connections");
    drop(streams);
    until("memory goes back", || memory(&server) < idle + 10 * 1024);
}

fn asked_for(server: &Server) -> Box<dyn Connection> {
    let mut stream = connect(server);
    stream.write_all(ASK.as_bytes()).unwrap();
    stream
}

#[test]
fn who_reads_nothing_is_cut_off() {
    with_impatient_services("1s", |server| {
        let mut streams = ask_in_vain(&server);
        let all = MANY as u64;
        until("all are cut off", || server.metric(r#"stint_http_connections_cut_off_total{reason="unread"}"#) == all);
        for stream in &mut streams {
            // Bytes that were already sent may still arrive, then no more.
            let (mut buffer, mut arrived) = (vec![0; 64 * 1024], 0);
            while let Ok(more @ 1..) = stream.read(&mut buffer) {
                arrived += more;
            }
            assert!(arrived < 8 << 20, "{arrived} bytes");
        }
        assert_eq!(server.metric("stint_http_connections"), 0);
    });
}

/// A connection with a small receive buffer, so that the server notices how slowly it is read.
fn narrow(server: &Server) -> io::Result<Box<dyn Connection>> {
    if server.listens_on.starts_with("unix:") {
        return Ok(connect(server));
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(16 * 1024)?;
    socket.connect(&server.address().into())?;
    Ok(Box::new(std::net::TcpStream::from(socket)))
}

#[test]
fn who_reads_slowly_gets_everything() {
    const LIMIT: Duration = Duration::from_secs(4);
    with_impatient_services("4s", |server| {
        let mut stream = narrow(&server).unwrap();
        stream.write_all(ASK.repeat(PIPELINED).as_bytes()).unwrap();
        let begun = Instant::now();
        let mut slow = Slow { stream, until: begun + LIMIT * 2 };
        for _ in 0..PIPELINED {
            let (head, body) = answer(&mut slow).unwrap();
            assert!(head.starts_with("HTTP/1.1 200 ") && body.ends_with(b"}"));
        }
        assert!(begun.elapsed() > LIMIT, "longer than nothing may be read");
    });
}

/// Reads a little now and then, until the time is up.
struct Slow {
    stream: Box<dyn Connection>,
    until: Instant,
}

impl Read for Slow {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let slow = into.len() > 1 && Instant::now() < self.until;
        if slow {
            thread::sleep(Duration::from_millis(100));
        }
        let most = if slow { into.len().min(4096) } else { into.len() };
        self.stream.read(&mut into[..most])
    }
}

#[test]
fn whoever_reads_nothing_does_not_hold_up_the_end() {
    for stint in [Stint::new().migrated(), on_a_unix_socket(Stint::new().migrated())] {
        let stint = stint.set("STINT_HTTP__SHUTDOWN_TIMEOUT", "10m").set("STINT_HTTP__WRITE_TIMEOUT", "10m");
        let mut server = stint.serve();
        let _streams = ask_in_vain(&server);
        until("all are stuck", || server.metric("stint_http_connections") >= MANY as u64);
        server.signal("TERM");
        assert_eq!(server.ended().code(), Some(0));
    }
}
