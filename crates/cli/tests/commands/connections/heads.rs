//! Heads that are not correct HTTP/1.1, and features that the server does not have.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::{Connection, answer, connect, status};
use crate::support::{PATIENCE, Server, Stint, until};

/// A token, a server, and a guard that keeps its database.
fn service() -> (String, Server, Stint) {
    let stint = Stint::new().migrated();
    (stint.token("read,write"), stint.serve(), stint)
}

fn post(token: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}\r\n{body}"
    )
}

#[test]
fn a_head_whose_lines_end_with_a_bare_line_feed_is_refused() {
    let (_, server, _stint) = service();
    for head in [
        "GET /healthz HTTP/1.1\nHost: x\n\n",
        "GET /healthz HTTP/1.1\r\nHost: x\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\n",
        "GET /healthz HTTP/1.1\nHost: x\r\n\r\n",
        "\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut stream = connect(&server);
        // The second request of a connection is checked like the first one.
        for first in ["", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] {
            stream.write_all(first.as_bytes()).unwrap();
            if !first.is_empty() {
                stream = connect(&server);
                stream.write_all(first.as_bytes()).unwrap();
                assert_eq!(status(&mut stream), 200);
            }
            stream.write_all(head.as_bytes()).unwrap();
            assert_eq!(status(&mut stream), 400, "{head:?}");
        }
    }
}

#[test]
fn what_is_malformed_behind_a_request_is_refused_behind_its_whole_answer() {
    let (_, server, _stint) = service();
    let request = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    for (bad, expected) in [("GET / HTTP/1.1\n\n".to_owned(), 400), (format!("GET /{}", "x".repeat(64 << 10)), 431)] {
        let mut stream = connect(&server);
        stream.write_all(format!("{request}{bad}").as_bytes()).unwrap();
        let (head, body) = answer(&mut stream).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        serde_json::from_slice::<serde_json::Value>(&body).expect("nothing else stands in the answer");
        assert_eq!(status(&mut stream), expected);
    }
}

#[test]
fn behind_an_answer_that_is_the_last_nothing_is_said_and_no_request_is_answered() {
    let (_, server, _stint) = service();
    let asks = |target: &str, header: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\n{header}\r\n");
    let large = "/openapi.json";
    for (first, close) in [
        (asks("/healthz", "Connection: close\r\n"), "connection: close"),
        (asks(large, "Connection: close\r\n"), "connection: close"),
        (asks("/healthz", "").replace("1.1", "1.0"), "HTTP/1.0 200 "),
        (asks(large, "").replace("1.1", "1.0"), "HTTP/1.0 200 "),
        // Its body is not complete and was not read, so the connection ends.
        (post("nobody", "Content-Length: 4\r\n", "{"), "connection: close"),
    ] {
        for next in ["GET / HTTP/1.1\n\n", "\0", "GET /\0 HTTP/1.1\r\n\r\n", &asks("/healthz", "")] {
            let mut stream = connect(&server);
            stream.write_all(first.as_bytes()).unwrap();
            let (head, _) = if first.starts_with("POST") {
                let answer = answer(&mut stream).unwrap();
                stream.write_all(format!("}}}}}}{next}").as_bytes()).unwrap();
                answer
            } else {
                stream.write_all(next.as_bytes()).unwrap();
                answer(&mut stream).unwrap()
            };
            assert!(head.contains(close), "{head}");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            assert_eq!(String::from_utf8_lossy(&rest), "", "{first:?}, then {next:?}");
        }
    }
}

#[test]
fn a_body_that_does_not_arrive_whole_is_refused_by_its_name_and_ends_the_connection() {
    let (token, server, _stint) = service();
    let endless = format!("1;{}", "x".repeat(16 << 10));
    let broken = [
        "1\n{\r\n0\r\n\r\n",
        "1\r\n{\r\n0\n\r\n",
        "1\r\n{\r\n0\r\nX: y\n\r\n",
        "z\r\n{",
        "-1\r\n{\r\n0\r\n\r\n",
        "1\r\n{}\r\n0\r\n\r\n",
        "1\r\n{\r\nfffffffffffffffff\r\n",
        &endless,
    ];
    let refused = |stream: &mut Box<dyn Connection>, what: &str, named: &str| {
        let (head, body) = answer(stream).unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("\r\nconnection: close\r\n"), "{what:?}: {head}");
        assert_eq!(problem["code"], "malformed-body", "{what:?}");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{what:?}: {problem}");
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "nothing follows: {what:?}");
    };
    for chunks in broken {
        let mut stream = connect(&server);
        stream.write_all(post(&token, "Transfer-Encoding: chunked\r\n", chunks).as_bytes()).unwrap();
        refused(&mut stream, chunks, "chunks of the body are malformed");
    }
    for (headers, body, named) in [
        ("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n", "the last of them did not come"),
        ("Content-Length: 2\r\n", "{", "before the 2 bytes"),
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(post(&token, headers, body).as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        refused(&mut (Box::new(stream) as Box<dyn Connection>), headers, named);
    }
}

#[test]
fn the_rest_of_an_answered_requests_body_is_read_for_a_moment_and_keeps_nobody_waiting() {
    let (_, server, _stint) = service();
    for rest in ["0".repeat(64 << 10), "\r".repeat(64 << 10), "1\r\nx\r\n".repeat(10 << 10)] {
        let mut stream = connect(&server);
        stream.write_all(post("nobody", "Transfer-Encoding: chunked\r\n", "").as_bytes()).unwrap();
        assert_eq!(status(&mut stream), 401);
        let begun = Instant::now();
        while stream.write_all(rest.as_bytes()).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "it is read for ever");
        }
        assert!(server.get("/healthz", "").starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn pipelined_requests_are_answered_in_turn_whatever_their_bodies_hold() {
    let (token, server, _stint) = service();
    let body = "{\n\"name\":\n\"a\"\n}\n\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", body.len());
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let health = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let all = [
        health.to_owned(),
        post(&token, &length, body),
        post(&token, "Transfer-Encoding: chunked\r\n", &chunks),
        health.repeat(40),
        post(&token, &length, body),
    ]
    .concat();
    for pieces in [all.len(), 1000, 7] {
        let mut stream = connect(&server);
        all.as_bytes().chunks(pieces).for_each(|piece| stream.write_all(piece).unwrap());
        let statuses: Vec<u16> = (0..44).map(|_| status(&mut stream)).collect();
        let expected = [&[200, 201, 201][..], &[200; 40], &[201]].concat();
        assert_eq!(statuses, expected, "in pieces of {pieces}");
    }
}

#[test]
fn an_upgrade_is_answered_as_if_nobody_asked_for_it() {
    let (token, server, _stint) = service();
    let body = r#"{"name": "a"}"#;
    let headers = format!("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: {}\r\n", body.len());
    let mut stream = connect(&server);
    for _ in 0..2 {
        stream.write_all(post(&token, &headers, body).as_bytes()).unwrap();
        let (head, _) = answer(&mut stream).unwrap();
        assert!(head.starts_with("HTTP/1.1 201 ") && !head.to_lowercase().contains("upgrade"), "{head}");
    }
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n").unwrap();
    assert_eq!(status(&mut stream), 200);
}

#[test]
fn a_body_is_asked_for_only_once_its_sender_may_send_it() {
    let (token, server, _stint) = service();
    let body = r#"{"name": "a"}"#;
    let headers = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    let refused = [(post("nobody", &headers, ""), 401), (post(&token, &headers, "").replace("/json", "/xml"), 415)];
    let unknown = post(&token, &headers, "").replace("/api/v1/jobs", "/nowhere");
    for (head, expected) in refused.into_iter().chain([(unknown, 404)]) {
        let mut stream = connect(&server);
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(status(&mut stream), expected, "{head}");
    }
    let mut stream = connect(&server);
    for _ in 0..2 {
        stream.write_all(post(&token, &headers, "").as_bytes()).unwrap();
        assert_eq!(status(&mut stream), 100);
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(status(&mut stream), 201);
    }
    // A body of unknown length is read a little at a time, however it is split.
    let headers = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n";
    let spaces = " ".repeat(60 << 10);
    for (size, last) in [(1, &spaces[..4 << 10]), (5_000, &spaces), (60_000, &spaces)] {
        let body = format!("{body}{last}");
        let pieces = body
            .as_bytes()
            .chunks(size)
            .map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        stream.write_all(post(&token, headers, "").as_bytes()).unwrap();
        assert_eq!(status(&mut stream), 100);
        stream.write_all(&pieces.chain([b"0\r\n\r\n".to_vec()]).flatten().collect::<Vec<_>>()).unwrap();
        assert_eq!(status(&mut stream), 201, "pieces of {size}");
    }
    let headers = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    // A client that does not wait for 100 does not get it.
    stream.write_all(post(&token, &headers, body).as_bytes()).unwrap();
    assert_eq!(status(&mut stream), 201);
}

#[test]
fn a_head_that_is_too_large_is_refused_also_when_it_is_not_the_first() {
    let (_, server, _stint) = service();
    let mut stream = connect(&server);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(status(&mut stream), 200);
    let head = |length| format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(length));
    stream.write_all(format!("{}\r\n\r\n", head(32_000)).as_bytes()).unwrap();
    assert_eq!(status(&mut stream), 200);
    stream.write_all(head(64 * 1024).as_bytes()).unwrap();
    assert_eq!(status(&mut stream), 431);
    // The server read the bytes after it, so the connection ends in order and the answer is not lost.
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn what_is_no_http_is_counted_and_told_in_one_line() {
    const MANY: u64 = 40;
    let (_, mut server, _stint) = service();
    let garbage: [&[u8]; 4] =
        [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"\0\0\0\0", b"GET / HTTP/1.1\n\n"];
    for bytes in garbage.into_iter().cycle().take(usize::try_from(MANY).unwrap()) {
        let mut stream = connect(&server);
        stream.write_all(bytes).unwrap();
        assert_eq!(status(&mut stream), 400);
        // The connection may be reset.
        let _ = stream.read(&mut [0]);
    }
    until("all are counted", || server.metric("stint_http_malformed_requests_total") == MANY);
    server.signal("TERM");
    server.ended();
    let lines: Vec<_> =
        server.log.iter().filter(|line| !line.contains("\"INFO\"") || line.contains("no HTTP")).collect();
    assert!(lines.len() == 1 && lines[0].contains("what came was no HTTP"), "{lines:?}");
}
