//! A Postgres that goes away or falls silent.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures::future::join_all;
use serde_json::json;

use super::super::client::Client;
use super::super::ledger::{chosen_id, entry, entry_of};
use super::super::proxy::{Line, Proxy};
use super::super::service::Service;
use super::super::until::until;
use super::{IN_TIME, LIMITS, assert_recovers, ledger};

/// Every request that needs the database gets 503 in time.
async fn assert_unavailable(api: &Client, job: &str, logged: &str) {
    let start = Instant::now();
    let requests = [
        api.get("/jobs"),
        api.get(format!("/jobs/{job}")),
        api.get("/time-entries"),
        api.get(format!("/jobs/{job}/time-entries")),
        api.post("/jobs", &json!({ "name": "x" })),
        api.post(format!("/jobs/{job}/time-entries"), &entry(1)).header("idempotency-key", "outage"),
        api.post("/time-entries/batch", &json!({ "mode": "atomic", "items": [entry_of(job, 1)] })),
        api.put(format!("/time-entries/{}", chosen_id()), &entry_of(job, 1)),
        api.patch(logged, &json!({ "minutes_worked": 1 })),
        api.delete(logged),
    ];
    for answer in join_all(requests.map(IntoFuture::into_future)).await {
        let retry_after = answer.header("retry-after").map(str::parse::<u32>);
        assert!(matches!(retry_after, Some(Ok(1..))), "{answer}");
        assert!(
            matches!(answer.clone().expect(503).problem()["code"].as_str(), Some("unavailable" | "timeout")),
            "{answer}"
        );
    }
    assert!(start.elapsed() < IN_TIME, "took {:?}", start.elapsed());
    let ready = api.get("/readyz").await.expect(503);
    assert!(ready.header("retry-after").is_some(), "{ready}");
    api.get("/healthz").await.expect(200);
    assert!(start.elapsed() < IN_TIME * 2, "took {:?}", start.elapsed());
}

fn postgres_behind_a_line() -> (Service, Proxy) {
    let mut proxy = None;
    let detour = |address| proxy.insert(Proxy::to(address)).address();
    let service = Service::on_postgres_by(detour, &LIMITS);
    (service, proxy.unwrap())
}

async fn goes_away_and_comes_back(how: Line) {
    let (service, proxy) = postgres_behind_a_line();
    let (job, logged) = ledger(&service).await;
    for _ in 0..2 {
        proxy.set(how);
        assert_unavailable(&service.api, &job, &logged).await;
        proxy.set(Line::Up);
        assert_recovers(&service.api).await;
    }
    service.assert_totals_are_sums().await;
}

#[actix_web::test]
async fn a_postgres_that_goes_away_is_503_until_it_is_back() {
    goes_away_and_comes_back(Line::Cut).await;
}

#[actix_web::test]
async fn a_postgres_that_falls_silent_is_503_until_it_is_back() {
    goes_away_and_comes_back(Line::Silent).await;
}

/// A write may happen although its answer is lost: a repeat with the same key must not count twice.
#[actix_web::test]
async fn writes_repeated_with_their_keys_through_outages_count_once() {
    let (service, proxy) = postgres_behind_a_line();
    let (job, _) = ledger(&service).await;
    let log_surely = |key: String| {
        let (api, job) = (service.api.clone(), job.clone());
        async move {
            loop {
                let request = api.post(format!("/jobs/{job}/time-entries"), &entry(1)).header("idempotency-key", &key);
                match request.await.status {
                    201 => break,
                    503 => sleep(Duration::from_millis(20)).await,
                    other => panic!("{other}"),
                }
            }
        }
    };
    let outages = async {
        for line in [Line::Cut, Line::Silent, Line::Cut] {
            sleep(Duration::from_millis(100)).await;
            proxy.set(line);
            sleep(Duration::from_millis(100)).await;
            proxy.set(Line::Up);
        }
    };
    let chains = join_all((0..10).map(|chain| {
        let log_surely = &log_surely;
        async move {
            for at in 0..20 {
                log_surely(format!("{chain}-{at}")).await;
            }
        }
    }));
    futures::join!(chains, outages);
    assert_eq!(service.api.total(&job).await, 230);
    service.assert_totals_are_sums().await;
}

/// Every statement waits for a lock. Requests that need no database are answered as ever, and once the lock is free
/// nothing is left behind.
#[actix_web::test]
async fn a_slow_database_keeps_nobody_waiting_who_does_not_need_it() {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    use stint_adapters::postgres::test_database::PgConnection;

    let patient = [
        ("STINT_HTTP__WORKERS", "2"),
        ("STINT_HTTP__REQUEST_TIMEOUT", "60s"),
        ("STINT_DATABASE__STATEMENT_TIMEOUT", "60s"),
        ("STINT_DATABASE__CONNECT_TIMEOUT", "60s"),
        ("STINT_DATABASE__LOCK_TIMEOUT", "60s"),
    ];
    let service = Service::on_postgres_by(|address| address, &patient);
    let (job, logged) = ledger(&service).await;
    let api = &service.api;
    let [mut other, mut aside] = [(); 2].map(|()| PgConnection::establish(service.database_url()).unwrap());
    other.batch_execute("BEGIN; LOCK TABLE jobs, time_entries").unwrap();
    let waiting = (0..50).flat_map(|_| {
        [
            api.get(format!("/jobs/{job}")),
            api.get(format!("/jobs/{job}/time-entries")),
            api.get(&logged),
            api.get("/jobs"),
            api.post(format!("/jobs/{job}/time-entries"), &entry(1)),
        ]
    });
    let waiting = actix_web::rt::spawn(join_all(waiting.map(IntoFuture::into_future).collect::<Vec<_>>()));
    until("statements wait", async || (blocked(&mut aside) > 5).then_some(())).await;

    let mut took = Vec::new();
    for place in 0..200 {
        let start = Instant::now();
        match place % 2 {
            0 => api.get("/healthz").await.expect(200),
            _ => api.get("/nowhere").await.expect(404),
        };
        took.push(start.elapsed());
    }
    assert!(!waiting.is_finished());
    took.sort();
    assert!(took[100] < Duration::from_millis(10), "{took:?}");

    other.batch_execute("ROLLBACK").unwrap();
    let mut logged = 0;
    for answer in waiting.await.unwrap() {
        // A queue that is full refuses, and does nothing.
        assert!(matches!(answer.status, 200 | 201 | 503), "{answer}");
        logged += u64::from(answer.status == 201);
    }
    assert!(logged > 0);
    assert_recovers(api).await;
    assert_eq!(api.total(&job).await, 30 + logged);
    service.assert_totals_are_sums().await;
    until("nothing is left", async || (blocked(&mut aside) == 0).then_some(())).await;
}

/// How many statements of others run or wait.
fn blocked(connection: &mut stint_adapters::postgres::test_database::PgConnection) -> i64 {
    use diesel::RunQueryDsl as _;

    let others = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle')";
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(others)).get_result(connection).unwrap()
}
