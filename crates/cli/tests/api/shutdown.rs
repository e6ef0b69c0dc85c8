//! The end of a server: on request, when requests in flight are answered; or by a kill, when acknowledged writes are
//! kept. `STINT_TEST_KILLS` kills more often than three times.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::rt::time::sleep;
use futures::future::join_all;
use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{TODAY, entry, id};
use super::raw::Connection;
use super::service::{Service, on_both_databases};
#[cfg(feature = "system-tests")]
use super::until::until;

on_both_databases!(
    sigterm_lets_what_is_in_flight_finish_and_exits_with_success,
    sigkill_under_load_loses_no_answered_write,
);

async fn sigterm_lets_what_is_in_flight_finish_and_exits_with_success(mut service: Service) {
    let job = service.api.new_job("Long").await;
    let body = entry(7).to_string();
    let head = format!(
        "POST /api/v1/jobs/{job}/time-entries HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        service.api.authorization(),
        body.len()
    );
    let mut in_flight = Vec::new();
    for _ in 0..10 {
        let mut connection = Connection::open(service.api.address()).await;
        connection.write(&head).await;
        // Once the server asks for the body, it has the request.
        assert_eq!(connection.read_response().await.answer().status, 100);
        in_flight.push(connection);
    }
    service.signal("TERM");
    // Long enough that a server that does not wait would have ended.
    sleep(Duration::from_secs(1)).await;
    for connection in &mut in_flight {
        connection.exchange(&body).await.answer().expect(201);
    }
    assert!(service.ended().success());
    service.restart();
    assert_eq!(service.api.total(&job).await, 70);
    service.assert_totals_are_sums().await;
}

/// Otherwise the server would go on with it, and the process would wait for it.
#[cfg(feature = "system-tests")]
#[actix_web::test]
async fn sigterm_ends_a_statement_that_runs_for_long() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection as _, RunQueryDsl};
    use stint_adapters::postgres::test_database::PgConnection;

    let limits = [("STINT_HTTP__SHUTDOWN_TIMEOUT", "1s"), ("STINT_HTTP__REQUEST_TIMEOUT", "1s")];
    let mut service = Service::on_postgres_by(|address| address, &limits);
    let job = service.api.new_job("Long").await;
    service.api.log(&job, 30).await;
    let mut database = PgConnection::establish(service.database_url()).unwrap();
    let slow = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON time_entries EXECUTE FUNCTION dawdle()";
    database.batch_execute(slow).unwrap();
    service.api.delete(format!("/jobs/{job}?entries=delete")).await.expect(503);
    let mut sleeping = || {
        let sleeping = "EXISTS (SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'PgSleep')";
        let sleeping = diesel::dsl::sql::<diesel::sql_types::Bool>(sleeping);
        diesel::select(sleeping).get_result::<bool>(&mut database).unwrap()
    };
    until("nobody waits for it, and it goes on", async || sleeping().then_some(())).await;
    service.signal("TERM");
    assert!(service.ended().success());
    // Postgres was told to end it, and does so soon.
    until("it has ended", async || (!sleeping()).then_some(())).await;
    service.restart();
    assert_eq!(service.api.total(&job).await, 30);
}

async fn sigkill_under_load_loses_no_answered_write(mut service: Service) {
    let job = service.api.new_job("Interrupted").await;
    let answered = RefCell::new(BTreeMap::new());
    let kills = std::env::var("STINT_TEST_KILLS").map_or(3, |kills| kills.parse().expect("a number"));
    for round in 1..=kills {
        let alive = Cell::new(true);
        let load = join_all((0..8).map(|client| write_on(&service.api, &job, client, &alive, &answered)));
        let kill = async {
            while answered.borrow().len() < round * 60 {
                actix_web::rt::task::yield_now().await;
            }
            service.signal("KILL");
            alive.set(false);
        };
        futures::join!(load, kill);
        service.restart();
        let stored: BTreeMap<_, _> =
            service.api.all("/time-entries?limit=200").await.iter().map(|e| (id(e), e.clone())).collect();
        for (id, entry) in answered.borrow().iter() {
            assert_eq!(stored.get(id), Some(entry), "an answered write is gone");
        }
        service.assert_totals_are_sums().await;
    }
}

/// Logs one entry after the other until the server has ended.
async fn write_on(
    api: &Client,
    job: &str,
    client: usize,
    alive: &Cell<bool>,
    answered: &RefCell<BTreeMap<String, Value>>,
) {
    for at in 0.. {
        let body = json!({ "minutes_worked": 1, "date_stamp": TODAY, "work_summary": format!("{client}/{at}") });
        match api.post(format!("/jobs/{job}/time-entries"), &body).attempt().await {
            Ok(answer) => {
                let entry = answer.expect(201).json();
                answered.borrow_mut().insert(id(&entry), entry);
            }
            Err(error) => return assert!(!alive.get(), "the server went away too early: {error}"),
        }
        if !alive.get() {
            return;
        }
    }
}
