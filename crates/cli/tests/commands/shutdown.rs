//! How the service ends: in order on the first signal, at once on the second.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{Server, Stint};

/// An incomplete request: the server waits for the rest of its body.
fn half_a_request(server: &Server, token: &str) -> (TcpStream, &'static [u8]) {
    let (begun, rest) = (&br#"{"name": "#[..], &br#""Research"}"#[..]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: stint\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        begun.len() + rest.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Once the handler asks for the body, it has the request.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(begun).unwrap();
    (stream, rest)
}

#[test]
fn a_request_in_flight_is_answered_before_the_service_ends() {
    for signal in ["TERM", "INT"] {
        let stint = Stint::new().migrated();
        let (token, mut server) = (stint.token("write"), stint.serve());
        let (mut stream, rest) = half_a_request(&server, &token);
        server.signal(signal);
        assert_eq!(server.logged("draining")["signal"], format!("SIG{signal}"));
        stream.write_all(rest).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert_eq!(server.ended().code(), Some(0));
    }
}

#[test]
fn readiness_ends_first_while_requests_are_still_taken() {
    let stint = Stint::new().migrated().set("STINT_HTTP__DRAIN_DELAY", "1h");
    let (token, mut server) = (stint.token("read"), stint.serve());
    assert!(server.get("/readyz", "").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    server.logged("draining");
    assert!(server.get("/readyz", "").starts_with("HTTP/1.1 503 "));
    assert!(server.get("/healthz", "").starts_with("HTTP/1.1 200 "));
    assert!(server.get("/api/v1/jobs", &token).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_second_signal_ends_the_service_at_once() {
    let stint = Stint::new().migrated().set("STINT_HTTP__DRAIN_DELAY", "1h");
    let mut server = stint.serve();
    server.signal("TERM");
    server.logged("draining");
    server.signal("INT");
    assert_eq!(server.ended().code(), Some(1));
}

#[test]
fn a_request_that_does_not_end_is_waited_for_no_longer_than_allowed() {
    let stint = Stint::new().migrated().set("STINT_HTTP__SHUTDOWN_TIMEOUT", "1s");
    let (token, mut server) = (stint.token("write"), stint.serve());
    let (_stream, _rest) = half_a_request(&server, &token);
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
}
