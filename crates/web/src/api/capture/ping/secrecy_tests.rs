//! No secret of a capture token is in any line of the log, in any problem or in any label, whatever goes wrong.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;
use stint_domain::access::ports::AccessPorts;
use stint_domain::access::ports::token::ChangeTokenError;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::ping::RetractPingError;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::capture::ports::{CapturePorts, MockPingRepository, PingQueue};
use stint_domain::capture::services::{CaptureLimits, PingService};
use stint_domain::ledger::ports::job::ChangeJobError;
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, RecordRefusal, RecordTimeError};
use stint_domain::{BackendError, BackendErrorKind, MockClock, Page, Sources};
use tracing::Level;

use crate::exchange::Lines;
use crate::test::{JOB, Ports, TestRequest, admitting, at, by, capture_secret, failure, send, sent};
use crate::{Api, HttpMetrics};

/// What a queue does with every push.
#[derive(Debug, Clone, Copy)]
enum Queue {
    Takes,
    Fails,
    Hangs,
    Panics,
}

#[async_trait]
impl PingQueue for Queue {
    async fn push(&self, _: Vec<Ping>) -> Result<(), BackendError> {
        match self {
            Self::Takes => Ok(()),
            Self::Fails => Err(failure(BackendErrorKind::Unavailable)),
            Self::Hangs => std::future::pending().await,
            Self::Panics => panic!("the queue has a defect"),
        }
    }

    async fn take(&self, _: TakePings) -> Result<Vec<Delivery>, BackendError> {
        unimplemented!()
    }

    async fn settle(&self, _: Vec<Receipt>) -> Result<(), BackendError> {
        unimplemented!()
    }

    async fn bury(&self, _: Vec<Burial>) -> Result<(), BackendError> {
        unimplemented!()
    }

    async fn dead(&self, _: usize) -> Result<Vec<DeadPing>, BackendError> {
        unimplemented!()
    }

    async fn replay(&self, _: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        unimplemented!()
    }

    async fn waiting(&self, _: usize) -> Result<Vec<Ping>, BackendError> {
        Ok(Vec::new())
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        unimplemented!()
    }
}

fn api(queue: Queue, registry: &mut Registry) -> Api {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(at());
    let (clock, mut pings, mut api) = (Arc::new(clock), MockPingRepository::new(), nothing_is_there().api());
    pings.expect_find().returning(|_| Ok(None));
    pings.expect_retract().returning(|retract| Err(RetractPingError::NotFound(retract.id)));
    let (queue, pings, new_projects) = (Arc::new(queue), Arc::new(pings), Arc::new(admitting()));
    let (ports, sources) = (CapturePorts { queue, pings, new_projects }, Sources { clock, ids: api.ids.clone() });
    api.capture.pings = PingService::new(&ports, &AccessPorts::mocks(), &sources, CaptureLimits::default());
    api.metrics = HttpMetrics::new(registry);
    api.limits.request_timeout = Duration::from_millis(100);
    api
}

/// Ports that find nothing, and whose errors name the id.
fn nothing_is_there() -> Ports {
    let mut ports = Ports::new();
    ports.jobs.expect_find().returning(|_| Ok(None));
    ports.jobs.expect_update().returning(|update| Err(ChangeJobError::NotFound(update.id)));
    ports.jobs.expect_delete().returning(|delete| Err(ChangeJobError::NotFound(delete.id)));
    let entries = &mut ports.time_entries;
    entries.expect_find().returning(|_| Ok(None));
    entries.expect_list().returning(|_| Ok(Page { items: Vec::new(), next: None }));
    entries
        .expect_record()
        .returning(|record| Err(RecordTimeError::Refused(RecordRefusal::JobNotFound(record.entry.related_job))));
    entries.expect_update().returning(|update| Err(ChangeTimeEntryError::NotFound(update.id)));
    ports.tokens.expect_find().returning(|_| Ok(None));
    ports.tokens.expect_update().returning(|update| Err(ChangeTokenError::NotFound(update.id)));
    ports
}

#[actix_web::test]
async fn secrets_are_in_no_log_line_no_answer_and_no_label() {
    let (lines, _guard, _second) = Lines::of(Level::TRACE);
    let (mut registry, mut statuses) = (Registry::default(), Vec::new());
    for queue in [Queue::Takes, Queue::Fails, Queue::Hangs, Queue::Panics] {
        let api = api(queue, &mut registry);
        // Only a usable secret reaches the queue, so the others are tried once.
        let kinds = if matches!(queue, Queue::Takes) { "boxf" } else { "b" };
        for request in kinds.chars().flat_map(requests) {
            let reply = send(&api, request).await;
            statuses.push(reply.status.as_u16());
            let shown = format!("{} {:?}", String::from_utf8_lossy(&reply.body), reply.headers);
            assert!(!has_secret(&shown), "{shown}");
        }
    }
    for status in [201, 202, 400, 401, 404, 405, 413, 415, 422, 500, 503] {
        assert!(statuses.contains(&status), "no answer was {status}: {statuses:?}");
    }
    let log = lines.text();
    for part in ["route=\"/ping/{token}\"", "a handler took too long", "a handler panicked"] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    assert!(!has_secret(&log), "{log}");
    let mut labels = String::new();
    encode(&mut labels, &registry).unwrap();
    assert!(!has_secret(&labels), "{labels}");
}

/// Whether it holds what all the secrets have in common, however it is encoded.
fn has_secret(text: &str) -> bool {
    text.to_lowercase().contains("b9a3c1e-5d7f-4e2a-8b6c")
}

fn requests(kind: char) -> Vec<TestRequest> {
    let to = |method: &str, uri: &str| TestRequest::with_uri(uri).method(method.parse().unwrap());
    let secret = capture_secret(kind);
    let ping = format!("/ping/{secret}");
    let posted = |media_type, body: &str| {
        to("POST", &ping).insert_header(("Content-Type", media_type)).set_payload(body.to_owned())
    };
    let mut requests = vec![
        to("GET", &ping),
        to("HEAD", &ping),
        to("DELETE", &ping),
        to("GET", &format!("{ping}?minutes=0")),
        to("GET", &format!("{ping}/")),
        to("GET", &format!("{ping}.gif/x")),
        to("GET", &format!("/Ping/{}", secret.to_uppercase())),
        to("GET", &format!("/api/v1/ping/{secret}")),
        to("GET", &format!("/{secret}")),
        by("a", "GET", &format!("/api/v1/capture-tokens/{secret}/x")),
        by("a", "GET", &format!("/api/v1/capture-tokens/waka_{secret}")),
        by("a", "GET", &format!("/api/v1/jobs/{secret}x")),
        by("a", "GET", &format!("/api/v1/pings?token=waka_{secret}&{secret}=1&related_job={secret}%zz")),
        posted("application/json", "{}"),
        posted("application/json", "{"),
        posted("application/json", &"s".repeat(70_000)),
        posted("text/plain", "{}"),
    ];
    // Where people confuse a secret with something else.
    for resource in ["jobs", "time-entries", "pings", "capture-tokens"] {
        let uri = format!("/api/v1/{resource}/{secret}");
        requests.extend(["GET", "PUT", "PATCH", "DELETE"].map(|method| by("r", method, &uri)));
        requests.push(by("a", "GET", &uri));
    }
    let entries = format!("/api/v1/jobs/{secret}/time-entries");
    let entry = json!({ "minutes_worked": 30, "date_stamp": "2026-01-02" });
    requests.extend([
        by("a", "GET", &entries),
        sent("POST", &entries, &entry),
        sent("DELETE", &format!("/api/v1/jobs/{secret}"), ""),
        sent("PATCH", &format!("/api/v1/jobs/{secret}"), json!({ "name": "n" })),
        sent("PATCH", &format!("/api/v1/time-entries/{secret}"), json!({ "related_job": secret })),
        sent("PUT", &format!("/api/v1/jobs/{JOB}"), json!({ "name": 7, &secret: 1, "status": secret })),
        sent("POST", "/api/v1/jobs", format!("{{\"{secret}\": 1, \"{secret}\": 2}}")),
        sent("POST", "/api/v1/jobs", "{}").insert_header(("Content-Type", secret.as_str())),
        sent("POST", "/api/v1/jobs", "{}").insert_header(("Content-Encoding", secret.as_str())),
        sent("POST", "/api/v1/jobs", "{}").insert_header(("Idempotency-Key", format!("ä{}{secret}", "x".repeat(40)))),
        by("a", "GET", &format!("/api/v1/jobs/{JOB}")).insert_header(("If-Match", secret.as_str())),
        by("a", "GET", "/api/v1/jobs").insert_header(("X-Request-Id", format!("waka_{secret}"))),
        by("a", "GET", &format!("/api/v1/jobs?cursor={secret}&limit={secret}&status={secret}")),
        to("PUT", "/api/v1/jobs").insert_header(("Authorization", format!("Bearer {secret}"))),
    ]);
    for path in ["users/current/heartbeats.bulk", "plugins/errors", "nowhere"] {
        let uri = format!("/api/wakatime/v1/{path}?api_key={secret}");
        requests.extend([
            to("POST", &uri).set_payload(r#"[{"time": 1700000000}]"#),
            to("POST", &uri).set_payload("["),
            to("PUT", &uri),
        ]);
    }
    requests
}
