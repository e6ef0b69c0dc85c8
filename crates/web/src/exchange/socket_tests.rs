//! What only a real connection shows: large and slow bodies, HEAD, and that a connection stays usable after a problem.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::rt::{spawn, task::spawn_blocking};
use stint_domain::ledger::Applied;

use crate::test::{Ports, job, secret};
use crate::{Api, app};

const LINGER: Duration = Duration::from_millis(500);

/// Runs `client` against a server of `api` and stops the server.
async fn served<T: Send + 'static>(api: Api, client: impl FnOnce(SocketAddr) -> T + Send + 'static) -> T {
    let server = HttpServer::new(move || app(api.clone())).workers(1).disable_signals();
    // How long a connection stays open for its client to read an answer to a body that is not read.
    let server = server.client_disconnect_timeout(LINGER);
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    spawn(server);
    let outcome = spawn_blocking(move || client(address)).await.unwrap();
    handle.stop(false).await;
    outcome
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

fn head(method: &str, path: &str, more: &str) -> String {
    let token = secret("a");
    format!(
        "{method} {path} HTTP/1.1\r\nHost: stint\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{more}\r\n"
    )
}

fn read_all(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer arrives whole, and the connection ends");
    answer
}

/// Reads one answer of a connection that stays open: its head, and as many bytes as its head announces.
fn read_one(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

#[actix_web::test]
async fn a_body_of_20_mb_gets_a_readable_answer_with_and_without_a_length() {
    for chunked in [false, true] {
        let answer = served(Ports::new().api(), move |address| {
            let mut stream = connect(address);
            let framing = if chunked { "Transfer-Encoding: chunked\r\n" } else { "Content-Length: 20000000\r\n" };
            stream.write_all(head("POST", "/api/v1/jobs", framing).as_bytes()).unwrap();
            let piece = [b' '; 10_000];
            for _ in 0..2_000 {
                // After its answer the server may stop reading, and a client that notices stops sending.
                let sent = if chunked {
                    write!(stream, "2710\r\n")
                        .and_then(|()| stream.write_all(&piece))
                        .and_then(|()| write!(stream, "\r\n"))
                } else {
                    stream.write_all(&piece)
                };
                if sent.is_err() {
                    break;
                }
            }
            // The last chunk is never sent; the server must not wait for it.
            read_all(stream)
        })
        .await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "chunked: {chunked}: {answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(answer.contains("the body is larger than 1048576 bytes"), "{answer}");
    }
}

#[actix_web::test]
async fn a_refused_request_does_not_wait_for_the_rest_of_its_body() {
    for framing in ["Transfer-Encoding: chunked\r\n", "Content-Length: 100\r\n"] {
        let answer = served(Ports::new().api(), move |address| {
            let mut stream = connect(address);
            stream.write_all(head("POST", "/api/v1/jobs?x=1", framing).as_bytes()).unwrap();
            read_all(stream)
        })
        .await;
        assert!(answer.starts_with("HTTP/1.1 422 ") && answer.contains("connection: close"), "{answer}");
    }
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_408_within_the_time_limit() {
    let mut api = Ports::new().api();
    api.limits.request_timeout = Duration::from_millis(100);
    let answer = served(api, |address| {
        let mut stream = connect(address);
        stream.write_all(head("POST", "/api/v1/jobs", "Content-Length: 10\r\n").as_bytes()).unwrap();
        stream.write_all(b"{").unwrap();
        read_all(stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request-timeout\""), "{answer}");
}

#[actix_web::test]
async fn a_body_that_is_cut_off_stores_nothing_and_holds_nobody_up() {
    let answer = served(Ports::new().api(), |address| {
        let mut stream = connect(address);
        stream.write_all(head("POST", "/api/v1/jobs", "Content-Length: 100\r\n").as_bytes()).unwrap();
        stream.write_all(b"{\"name\": \"n\"}").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    })
    .await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[actix_web::test]
async fn a_connection_outlives_problems_and_head_has_no_body() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_create().returning(|_| Ok(Applied::now(job())));
    });
    let answers = served(api, |address| {
        let mut stream = connect(address);
        let mut answers = Vec::new();
        for body in ["{}", "{", "{\"name\": \"n\"}"] {
            let length = format!("Content-Length: {}\r\n", body.len());
            stream.write_all(head("POST", "/api/v1/jobs", &length).as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
            answers.push(read_one(&mut stream));
        }
        stream.write_all(head("HEAD", "/healthz", "Connection: close\r\n").as_bytes()).unwrap();
        answers.push(read_all(stream));
        answers
    })
    .await;
    let statuses: Vec<&str> = answers.iter().map(|answer| &answer[9..12]).collect();
    assert_eq!(statuses, ["422", "400", "201", "200"]);
    assert!(answers[3].ends_with("\r\n\r\n") && answers[3].contains("content-length: 15"), "{}", answers[3]);
}
