//! The limits on connections and open files.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::{Connection, answer, connect, status};
use crate::support::{Server, Stint, until};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// A connection whose request is being answered.
fn busy(server: &Server, token: &str) -> Box<dyn Connection> {
    let head = format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 13\r\nExpect: 100-continue\r\n\r\n"
    );
    let mut stream = connect(server);
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(status(&mut stream), 100);
    stream
}

#[test]
fn an_idle_connection_makes_room_for_another_and_a_busy_one_does_not() {
    let stint = Stint::new().migrated().set("STINT_HTTP__MAX_CONNECTIONS", "2").set("STINT_HTTP__WORKERS", "1");
    // With these settings no connection ends by itself, and the service makes none to itself.
    let stint = stint.set("STINT_HTTP__KEEP_ALIVE", "1h").set("STINT_HTTP__REQUEST_TIMEOUT", "1h");
    let (token, server) = (stint.token("write"), stint.serve());

    let idle: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(HEALTH).unwrap();
            assert_eq!(status(&mut stream), 200);
            stream
        })
        .collect();
    let mut idle = idle.into_iter();
    for mut gone in idle.by_ref().take(2) {
        assert!(!matches!(gone.read(&mut [0]), Ok(1..)), "it is closed");
    }
    assert_eq!(server.metric(r#"stint_http_connections_cut_off_total{reason="room"}"#), 2);
    for mut kept in idle {
        kept.write_all(HEALTH).unwrap();
        assert_eq!(status(&mut kept), 200);
    }
    until("they are gone", || server.metric("stint_http_connections") == 0);

    let mut busy: Vec<_> = (0..2).map(|_| busy(&server, &token)).collect();
    let mut refused = connect(&server);
    refused.write_all(HEALTH).unwrap();
    let (head, body) = answer(&mut refused).unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("unavailable"), Some(503)));
    assert_eq!(server.metric("stint_http_connections_refused_total"), 1);
    for stream in &mut busy {
        stream.write_all(br#"{"name": "a"}"#).unwrap();
        assert_eq!(status(stream), 201);
    }
    let mut stream = connect(&server);
    stream.write_all(HEALTH).unwrap();
    assert_eq!(status(&mut stream), 200);
}

#[test]
fn of_many_newcomers_at_once_as_many_are_answered_as_there_are_places_and_the_others_are_told_at_once() {
    const PLACES: usize = 5;
    /// Less than the time for which a new connection keeps its place.
    const MOMENT: Duration = Duration::from_millis(90);
    let stint = Stint::new().migrated().set("STINT_HTTP__WORKERS", "1");
    let server = stint.set("STINT_HTTP__MAX_CONNECTIONS", PLACES.to_string()).serve();
    // On a busy machine it may take several tries until all connect within this time.
    until("all come in one moment", || {
        until("all places are free", || server.metric("stint_http_connections") == 0);
        let begun = Instant::now();
        let mut streams: Vec<_> = (0..20).map(|_| connect(&server)).collect();
        let mut refused = streams.split_off(PLACES);
        let told: Vec<_> = refused.iter_mut().map(|stream| answer(stream).map(|(head, _)| head)).collect();
        if begun.elapsed() > MOMENT {
            return false;
        }
        assert!(told.iter().flatten().all(|head| head.starts_with("HTTP/1.1 503 ")), "{told:?}");
        assert!(told.iter().all(Result::is_ok), "{told:?}");
        for stream in &mut streams {
            stream.write_all(HEALTH).unwrap();
            assert_eq!(status(stream), 200);
        }
        true
    });
}

#[test]
fn a_connection_that_only_waits_for_its_client_to_end_makes_room_at_once() {
    let stint = Stint::new().migrated().set("STINT_HTTP__MAX_CONNECTIONS", "2").set("STINT_HTTP__WORKERS", "1");
    let server = stint.serve();
    // On a busy machine they may have been left before the newcomer comes.
    until("a newcomer has the place of one that waits", || {
        let mut refused: Vec<_> = (0..2).map(|_| connect(&server)).collect();
        for stream in &mut refused {
            stream.write_all(b"GET / HTTP/1.1\nHost: x\n\n").unwrap();
            assert_eq!(status(stream), 400);
        }
        let mut stream = connect(&server);
        stream.write_all(HEALTH).unwrap();
        assert_eq!(status(&mut stream), 200);
        server.metric(r#"stint_http_connections_cut_off_total{reason="room"}"#) > 0
    });
}

#[test]
fn silent_connections_keep_newcomers_out_for_no_more_than_a_moment() {
    let stint = Stint::new().migrated().set("STINT_HTTP__MAX_CONNECTIONS", "20").set("STINT_HTTP__WORKERS", "1");
    let stint = stint.set("STINT_HTTP__HEADER_TIMEOUT", "1h").set("STINT_HTTP__KEEP_ALIVE", "1h");
    let server = stint.serve();
    let silent: Vec<_> = (0..300).map(|_| connect(&server)).collect();
    for _ in 0..3 {
        until("a newcomer is answered", || {
            let mut stream = connect(&server);
            // It may be refused before it has sent anything.
            let _ = stream.write_all(HEALTH);
            answer(&mut stream).is_ok_and(|(head, _)| head.starts_with("HTTP/1.1 200 "))
        });
    }
    drop(silent);
}

#[test]
fn as_many_files_may_be_open_as_the_system_lets_them() {
    let stint = Stint::new().migrated();
    let plain = stint.command(&["serve"]);
    let mut command = stint.command(&["serve"]);
    // `exec` replaces the shell by the service.
    command = {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "ulimit -Sn 64 && ulimit -Hn 1000 && exec \"$@\"", "sh"]);
        shell.arg(plain.get_program()).args(plain.get_args()).current_dir(command.get_current_dir().unwrap());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
    };
    let server = Server::start(command);
    let limits = server.proc("limits");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["1000", "1000", "files"]);
    let mut streams: Vec<_> = (0..200).map(|_| connect(&server)).collect();
    for stream in &mut streams {
        stream.write_all(HEALTH).unwrap();
        assert_eq!(status(stream), 200);
    }
}
