//! `stint serve` while it runs: where it listens, what it logs and counts, how it reports failures.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::support::{Stint, get};

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (setting, key) in [("STINT_HTTP__LISTEN", "http.listen"), ("STINT_METRICS__LISTEN", "metrics.listen")] {
        let complaint = Stint::new().migrated().set(setting, &address).run(&["serve"]).failed();
        assert!(complaint.starts_with(&format!("cannot listen on {address} ({key}): ")), "{complaint}");
    }
}

#[test]
fn a_unix_socket_serves_those_whom_its_mode_admits_and_goes_with_the_service() {
    let stint = Stint::new().migrated().set("STINT_HTTP__SOCKET_MODE", "0600");
    let path = stint.path("stint.sock");
    let stint = stint.set("STINT_HTTP__LISTEN", format!("unix:{}", path.display()));
    let mut server = stint.serve();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(get(UnixStream::connect(&path).unwrap(), "/readyz", "").starts_with("HTTP/1.1 200 "));

    let complaint = stint.run(&["serve"]).failed();
    assert!(complaint.ends_with("(http.listen): another process listens there"), "{complaint}");

    server.signal("TERM");
    assert!(server.ended().success());
    assert!(!path.exists());
}

#[test]
fn the_socket_of_a_killed_service_is_no_obstacle() {
    let stint = Stint::new().migrated();
    let path = stint.path("stint.sock");
    let stint = stint.set("STINT_HTTP__LISTEN", format!("unix:{}", path.display()));
    drop(stint.serve());
    assert!(path.exists());
    let _server = stint.serve();
    assert!(get(UnixStream::connect(&path).unwrap(), "/healthz", "").starts_with("HTTP/1.1 200 "));
}

/// Otherwise an operator would not know why pings are not logged.
#[test]
fn a_service_that_does_not_work_itself_says_that_pings_wait() {
    let stint = Stint::new().migrated().set("STINT_WORKER__IN_SERVE", "false");
    let mut server = stint.serve();
    server.logged("this process does not log pings; they wait until `stint worker` runs");
}

#[test]
fn metrics_are_on_their_own_listener_and_nowhere_else() {
    let stint = Stint::new().migrated();
    let (token, server) = (stint.token("read"), stint.serve());
    server.get("/api/v1/jobs", &token);
    assert!(server.get("/metrics", &token).starts_with("HTTP/1.1 404 "));

    let metrics = get(std::net::TcpStream::connect(server.metrics).unwrap(), "/metrics", "");
    assert!(metrics.starts_with("HTTP/1.1 200 "), "{metrics}");
    for sample in [
        r#"stint_build_info{version=""#,
        r#"stint_http_requests_total{method="GET",route="/api/v1/jobs",status="200"} 1"#,
        "stint_http_request_duration_seconds_bucket{",
        "stint_database_pool_size ",
    ] {
        assert!(metrics.contains(sample), "no {sample} in {metrics}");
    }
}

#[test]
fn every_line_of_a_deployments_log_is_json_and_a_requests_lines_carry_its_id() {
    let stint = Stint::new().migrated();
    let (token, mut server) = (stint.token("read"), stint.serve());
    let answer = server.get("/api/v1/jobs", &token);
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().trim_end().to_owned();
    server.signal("TERM");
    server.ended();

    let lines: Vec<Value> = server.log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["span"]["request_id"] == id), "{}", server.log.join("\n"));
    assert!(!server.log.concat().contains(&token));
}

/// In this environment, a request that fails because the tables are gone.
fn failure_in(environment: &str) -> String {
    let stint = Stint::new().migrated().set("STINT_ENV", environment);
    let (token, server) = (stint.token("read"), stint.serve());
    let mut database = stint.sqlite();
    database.batch_execute("PRAGMA foreign_keys = off; DROP TABLE time_entries; DROP TABLE jobs").unwrap();
    let answer = server.get("/api/v1/jobs", &token);
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    answer
}

#[test]
fn only_development_shows_causes_to_callers() {
    assert!(failure_in("development").contains("no such table"));
    for environment in ["staging", "deployment"] {
        let answer = failure_in(environment);
        assert!(!answer.contains("no such table") && !answer.contains("sqlite"), "{answer}");
    }
}
