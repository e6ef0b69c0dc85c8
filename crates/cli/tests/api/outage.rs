//! A database that is away, silent or locked: 503 in time, and recovery without a restart.

#[cfg(feature = "system-tests")]
mod postgres;

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use futures::future::join_all;
use serde_json::json;

use super::client::Client;
use super::ledger::{entry, entry_of, id};
use super::service::Service;
use super::until::until;

/// The servers' settings: short limits, so that the tests are fast.
const LIMITS: [(&str, &str); 4] = [
    ("STINT_HTTP__REQUEST_TIMEOUT", "3s"),
    ("STINT_DATABASE__CONNECT_TIMEOUT", "1s"),
    ("STINT_DATABASE__STATEMENT_TIMEOUT", "1s"),
    ("STINT_DATABASE__BUSY_TIMEOUT", "500ms"),
];

/// How long an answer may take: the time limit, and what a busy machine adds. Without a limit it would take for ever.
const IN_TIME: Duration = Duration::from_secs(30);

/// The service must soon recover by itself, without a restart.
async fn assert_recovers(api: &Client) {
    until("ready again", async || (api.get("/readyz").await.status == 200).then_some(())).await;
    // Every pooled connection works again, not just the first.
    for answer in join_all((0..20).map(|_| api.get("/jobs").into_future())).await {
        answer.expect(200);
    }
}

#[actix_web::test]
async fn an_sqlite_file_that_another_process_locks_is_503_for_writes_until_it_is_free() {
    let service = Service::on_sqlite_with(&LIMITS);
    let (job, logged) = ledger(&service).await;
    let api = &service.api;
    for _ in 0..2 {
        let mut other = SqliteConnection::establish(&service.sqlite_path()).unwrap();
        other.batch_execute("BEGIN EXCLUSIVE").unwrap();
        let start = Instant::now();
        let requests = [
            api.post("/jobs", &json!({ "name": "x" })),
            api.post(format!("/jobs/{job}/time-entries"), &entry(1)),
            api.post("/time-entries/batch", &json!({ "mode": "per_item", "items": [entry_of(&job, 1)] })),
            api.patch(&logged, &json!({ "minutes_worked": 1 })),
            api.delete(&logged),
        ];
        for answer in join_all(requests.map(IntoFuture::into_future)).await {
            assert!(answer.header("retry-after").is_some(), "{answer}");
            assert!(
                matches!(answer.clone().expect(503).problem()["code"].as_str(), Some("unavailable" | "timeout")),
                "{answer}"
            );
        }
        assert!(start.elapsed() < IN_TIME, "took {:?}", start.elapsed());
        assert_eq!(api.total(&job).await, 30, "readers are not locked out");
        other.batch_execute("ROLLBACK").unwrap();
        assert_recovers(api).await;
    }
    api.log(&job, 5).await;
    assert_eq!(api.total(&job).await, 35);
    service.assert_totals_are_sums().await;
}

async fn ledger(service: &Service) -> (String, String) {
    let job = service.api.new_job("Before").await;
    let logged = service.api.log(&job, 30).await;
    (job, format!("/time-entries/{}", id(&logged)))
}
