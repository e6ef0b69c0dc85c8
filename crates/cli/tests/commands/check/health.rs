//! `stint check health`, which scripts and containers ask.

use std::net::TcpListener;

use crate::support::Stint;

const SERVICE: &[&str] = &["check", "health"];
const WORKER: &[&str] = &["check", "health", "--worker"];

/// The output and the exit status.
fn asked(stint: &Stint, command: &[&str]) -> (String, i32) {
    let ended = stint.run(command);
    assert_eq!(ended.stderr, "");
    (ended.stdout, ended.status)
}

#[test]
fn a_service_is_well_until_it_drains_and_then_gone() {
    let stint = Stint::new().migrated().set("STINT_HTTP__DRAIN_DELAY", "1h");
    let path = stint.path("stint.sock").display().to_string();
    let stint = stint.set("STINT_HTTP__LISTEN", format!("unix:{path}"));
    let mut server = stint.serve();
    assert_eq!(asked(&stint, SERVICE), (format!("unix:{path}: healthy\n"), 0));
    server.signal("TERM");
    server.logged("draining");
    let (said, status) = asked(&stint, SERVICE);
    assert!(said.starts_with(&format!("unix:{path}: /readyz answered 503: ")) && said.lines().count() == 1, "{said}");
    assert_eq!(status, 1);
    drop(server);
    let (said, status) = asked(&stint, SERVICE);
    assert!(said.starts_with(&format!("unix:{path}: cannot ask: Connection refused")), "{said}");
    assert_eq!(status, 1);
}

#[test]
fn a_service_that_listens_everywhere_is_found() {
    let stint = Stint::new().migrated().set("STINT_HTTP__LISTEN", "0.0.0.0:0");
    let server = stint.serve();
    let port = server.address().port();
    let stint = stint.set("STINT_HTTP__LISTEN", format!("0.0.0.0:{port}"));
    assert_eq!(asked(&stint, SERVICE), (format!("0.0.0.0:{port}: healthy\n"), 0));
}

#[test]
fn a_worker_is_asked_for_its_metrics() {
    let stint = Stint::new().migrated();
    let worker = stint.work();
    let address = worker.metrics.to_string();
    let stint = stint.set("STINT_WORKER__METRICS_LISTEN", &address);
    assert_eq!(asked(&stint, WORKER), (format!("{address}: healthy\n"), 0));
    drop(worker);
    assert_eq!(asked(&stint, WORKER).1, 1);
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let stint = Stint::new().set("STINT_HTTP__LISTEN", &address);
    assert_eq!(asked(&stint, SERVICE), (format!("{address}: cannot ask: no answer within 3000 ms\n"), 1));
}

#[test]
fn an_address_that_nobody_can_know_is_asked_for() {
    let stint = Stint::new().set("STINT_HTTP__LISTEN", "systemd");
    let complaint = stint.run(SERVICE).failed();
    assert!(complaint.starts_with("http.listen is systemd, so its address is unknown; set STINT_HTTP__LISTEN"));
    let complaint = Stint::new().run(SERVICE).failed();
    assert!(complaint.starts_with("http.listen is 127.0.0.1:0: "), "{complaint}");
    let complaint = stint.run(WORKER).failed();
    assert!(complaint.starts_with("worker.metrics_listen is 127.0.0.1:0: "), "{complaint}");
}
