//! Bad input gets a 4xx problem that names what is wrong. The connection stays usable or is closed, and nothing is
//! stored.
//!
//! The tables are in the modules below, one theme each. Every row is sent by hand on a connection of its own, because a
//! client library would correct half of them. Random input is in [`super::fuzz`].

mod bodies;
mod targets;
mod wire;

use std::time::Instant;

use futures::future::join_all;

use super::answer::Answer;
use super::ledger::{entry, id};
use super::raw::{Connection, Reply};
use super::service::{Service, on_both_databases};
use crate::support::PATIENCE;

on_both_databases!(
    every_bad_body_is_refused_and_stores_nothing,
    every_bad_field_is_told_at_once,
    every_bad_target_is_refused_and_stores_nothing,
    every_edit_of_a_cursor_is_noticed,
    every_bad_header_is_refused_and_stores_nothing,
    what_is_no_http_is_refused_or_closed_and_stores_nothing,
    a_body_that_is_too_large_is_refused_without_reading_it,
    a_request_that_never_ends_is_given_up,
);

/// A request that must be refused.
struct Bad {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Any of these is correct.
    status: &'static [u16],
    /// Text that the problem must contain.
    names: Vec<String>,
}

impl Bad {
    fn new(method: &'static str, target: impl Into<String>, status: &'static [u16]) -> Self {
        Self { method, target: target.into(), headers: Vec::new(), body: Vec::new(), status, names: Vec::new() }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn json(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }.header("Content-Type", "application/json")
    }

    fn names(mut self, part: impl Into<String>) -> Self {
        self.names.push(part.into());
        self
    }

    fn bytes(&self, service: &Service) -> Vec<u8> {
        let mut head = vec![format!("{} {} HTTP/1.1", self.method, self.target), "Host: stint".to_owned()];
        if !self.headers.iter().any(|(name, _)| *name == "Authorization") {
            head.push(format!("Authorization: {}", service.api.authorization()));
        }
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        head.push(format!("Content-Length: {}\r\n\r\n", self.body.len()));
        [head.join("\r\n").into_bytes(), self.body.clone()].concat()
    }

    fn shown(&self, service: &Service) -> String {
        String::from_utf8_lossy(&self.bytes(service)).chars().take(600).collect()
    }
}

/// A ledger with one job of 30 minutes, which bad input must not change.
struct Untouched {
    job: String,
    entry: String,
    before: (Vec<serde_json::Value>, Vec<serde_json::Value>),
}

impl Untouched {
    async fn new(service: &Service) -> Self {
        let job = service.api.new_job("Untouched").await;
        let entry = id(&service.api.log(&job, 30).await);
        Self { job, entry, before: service.api.everything().await }
    }

    async fn assert_untouched(&self, service: &Service) {
        assert_eq!(service.api.everything().await, self.before, "something was stored");
        service.api.assert_totals_are_sums().await;
    }
}

/// Sends every row and checks its answer, then checks that the ledger is unchanged.
async fn fire(service: &Service, rows: Vec<Bad>, ledger: &Untouched) {
    for row in rows {
        let mut connection = Connection::open(service.api.address()).await;
        let answer = match connection.exchange(row.bytes(service)).await {
            Reply::Answer(answer) => answer,
            Reply::Closed => panic!("no answer to {}", row.shown(service)),
        };
        assert_refused(&row, &answer, service);
        assert_usable_or_closed(&mut connection, &answer).await;
    }
    ledger.assert_untouched(service).await;
}

#[track_caller]
fn assert_refused(row: &Bad, answer: &Answer, service: &Service) {
    let context = || format!("{}\n--\n{answer}", row.shown(service));
    assert!(row.status.contains(&answer.status), "not {:?}: {}", row.status, context());
    let problem = answer.problem().to_string();
    for part in &row.names {
        assert!(problem.contains(part), "does not name {part}: {}", context());
    }
    assert!(answer.body.len() < 2000, "values are shortened: {}", context());
    assert_eq!(answer.status == 405, answer.header("allow").is_some(), "{}", context());
}

/// After an answer the connection takes another request, or the answer says that it closes and it does.
async fn assert_usable_or_closed(connection: &mut Connection, answer: &Answer) {
    if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        assert!(connection.is_closed().await, "said close, and did not: {answer}");
    } else {
        let next = connection.exchange("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        next.answer().expect(200);
    }
}

async fn every_bad_body_is_refused_and_stores_nothing(service: Service) {
    let ledger = Untouched::new(&service).await;
    fire(&service, bodies::rows(&ledger), &ledger).await;
}

async fn every_bad_field_is_told_at_once(service: Service) {
    let ledger = Untouched::new(&service).await;
    for (target, pointers) in bodies::with_several_bad_fields(&ledger) {
        let answer = service.api.request(target.method, &target.target).body("application/json", target.body).await;
        assert_eq!(answer.blamed(), pointers, "{answer}");
        answer.expect_problem(422, "validation-failed");
    }
    ledger.assert_untouched(&service).await;
}

async fn every_bad_target_is_refused_and_stores_nothing(service: Service) {
    let ledger = Untouched::new(&service).await;
    let elsewhere = targets::foreign_cursors(&service, &ledger).await;
    let ledger = Untouched { before: service.api.everything().await, ..ledger };
    fire(&service, targets::rows(&ledger).into_iter().chain(elsewhere).collect(), &ledger).await;
}

async fn every_edit_of_a_cursor_is_noticed(service: Service) {
    let api = &service.api;
    for name in ["a", "b"] {
        api.new_job(name).await;
    }
    let cursor = api.get("/jobs?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    api.get(format!("/jobs?cursor={cursor}")).await.expect(200);
    for at in 0..cursor.len() {
        let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
        let edited = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
        for cursor in [&edited, &cursor[..at]] {
            let answer = api.get(format!("/jobs?cursor={cursor}")).await;
            assert_eq!(answer.blamed(), ["cursor"]);
            answer.expect_problem(422, "validation-failed");
        }
    }
}

async fn every_bad_header_is_refused_and_stores_nothing(service: Service) {
    let ledger = Untouched::new(&service).await;
    fire(&service, wire::bad_headers(&ledger), &ledger).await;
}

async fn what_is_no_http_is_refused_or_closed_and_stores_nothing(service: Service) {
    let ledger = Untouched::new(&service).await;
    for bytes in wire::no_http(&service, &ledger) {
        let shown: String = String::from_utf8_lossy(&bytes).chars().take(300).collect();
        let mut connection = Connection::open(service.api.address()).await;
        connection.write(&bytes).await;
        connection.finish().await;
        if let Reply::Answer(answer) = connection.reply().await {
            assert!((400..500).contains(&answer.status), "{shown}\n--\n{answer}");
        }
        assert!(connection.is_closed().await, "{shown}");
    }
    ledger.assert_untouched(&service).await;
}

async fn a_body_that_is_too_large_is_refused_without_reading_it(service: Service) {
    let ledger = Untouched::new(&service).await;
    for target in ["/api/v1/jobs".to_owned(), "/api/v1/time-entries/batch".to_owned()] {
        for request in wire::twenty_megabytes(&service, &target) {
            let mut connection = Connection::open(service.api.address()).await;
            let answer = connection.exchange(request).await.answer();
            answer.clone().expect_problem(413, "body-too-large");
            assert_usable_or_closed(&mut connection, &answer).await;
        }
    }
    // One byte over the limit, and exactly the limit: an invalid body, padded with spaces.
    for (length, status) in [((1 << 20) + 1, 413), (1 << 20, 422)] {
        let mut body = entry(0).to_string().into_bytes();
        body.resize(length, b' ');
        let target = format!("/jobs/{}/time-entries", ledger.job);
        service.api.request("POST", target).body("application/json", body).await.expect(status).problem();
    }
    ledger.assert_untouched(&service).await;
}

async fn a_request_that_never_ends_is_given_up(mut service: Service) {
    let ledger = Untouched::new(&service).await;
    let hasty =
        service.another_instance(&[("STINT_HTTP__HEADER_TIMEOUT", "1s"), ("STINT_HTTP__REQUEST_TIMEOUT", "1s")]);
    let address = hasty.address();
    let starts = wire::starts_without_end(&service, &ledger);
    let waiting = starts.iter().map(|start| async move {
        let mut connection = Connection::open(address).await;
        if let Reply::Answer(answer) = connection.exchange(start).await {
            assert_eq!(answer.status, 408, "{start}\n--\n{answer}");
        }
        assert!(connection.is_closed().await, "{start}");
    });
    let start = Instant::now();
    join_all(waiting).await;
    // All at once: one after the other they would take a second each, and connections that are never closed would take
    // for ever.
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    ledger.assert_untouched(&service).await;
}
