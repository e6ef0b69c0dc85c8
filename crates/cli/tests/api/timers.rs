//! Timers over HTTP: what people start, change, stop and throw away.

use std::time::UNIX_EPOCH;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{chosen_id, id, text};
use super::people;
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_timer_is_started_changed_and_stopped,
    a_start_ends_the_timer_that_runs_where_the_new_one_starts,
    a_timer_that_is_thrown_away_logs_nothing,
    bad_input_is_told_with_its_pointer_and_nothing_is_stored,
    a_forgotten_timer_stops_once_its_end_is_told,
    a_timer_of_an_archived_or_deleted_job_stops_with_another,
    a_person_sees_no_timer_of_another_and_loses_it_when_deactivated,
    twenty_starts_at_once_leave_one_timer_and_twenty_stops_one_set_of_entries,
    a_program_has_no_timer_and_a_viewer_starts_none,
    a_killed_service_leaves_a_timer_running_or_stopped,
);

const TIMER: &str = "/api/v1/timer";
const START: &str = "/api/v1/timer/start";
const STOP: &str = "/api/v1/timer/stop";

/// The moment so many minutes ago.
fn ago(minutes: i64) -> String {
    let moment = DateTime::UNIX_EPOCH + UNIX_EPOCH.elapsed().unwrap() - TimeDelta::minutes(minutes);
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The moment so many minutes after another one.
fn after(moment: &Value, minutes: i64) -> String {
    let moment: DateTime<Utc> = moment.as_str().unwrap().parse().unwrap();
    (moment + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A consumer with a token of a new person, whose days are those of UTC.
async fn person(service: &Service, handle: &str, role: &str) -> Client {
    let scopes: &[_] = match role {
        "member" => &["own"],
        "manager" => &["read", "write"],
        "admin" => &["admin"],
        _ => &["read"],
    };
    let browser = people::person(service, handle, role).await;
    service.api.with_token(browser.new_token(scopes).await)
}

/// Starts a timer so many minutes ago.
async fn start(ada: &Client, job: &str, minutes: i64) -> Value {
    let started = json!({ "related_job": job, "work_summary": "read", "started_at": ago(minutes) });
    ada.post(START, &started).await.expect(201).json()
}

async fn a_timer_is_started_changed_and_stopped(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let (job, other) = (api.new_job("Research").await, api.new_job("Review").await);
    assert_eq!(ada.get(TIMER).await.expect(204).text(), "");

    let started = ada.post(START, &json!({ "related_job": job })).await.expect(201);
    assert_eq!(started.header("location"), Some(TIMER));
    let timer = started.json()["timer"].clone();
    assert_eq!((&timer["related_job"], &timer["work_summary"]), (&json!(job), &json!("")));
    assert_eq!(started.json()["stopped"], Value::Null);
    let read = ada.get(TIMER).await.expect(200);
    assert_eq!((read.json(), read.etag()), (timer.clone(), started.etag()));
    ada.get(TIMER).header("if-none-match", read.etag()).await.expect(304);

    let changes = json!({ "related_job": other, "work_summary": "read", "started_at": ago(90) });
    let stale = ada.patch(TIMER, &changes).header("if-match", "\"1\"").await;
    stale.expect_problem(412, "precondition-failed");
    let patched = ada.patch(TIMER, &changes).header("if-match", read.etag()).await.expect(200);
    assert_eq!((&patched.json()["related_job"], &patched.json()["work_summary"]), (&json!(other), &json!("read")));
    assert_ne!(patched.etag(), read.etag());

    let stop = json!({ "id": timer["id"], "minutes": 90 });
    let stopped = ada.post(STOP, &stop).await.expect(200).json();
    assert_eq!((&stopped["id"], &stopped["minutes"]), (&timer["id"], &json!(90)));
    let entries = stopped["entries"].as_array().unwrap();
    let sum: u64 = entries.iter().map(|entry| entry["minutes_worked"].as_u64().unwrap()).sum();
    assert_eq!(sum, 90);
    assert!(entries.iter().all(|entry| entry["created_by"] == "ada" && entry["work_summary"] == "read"));
    for entry in entries {
        assert_eq!(&ada.get(format!("/time-entries/{}", id(entry))).await.expect(200).json(), entry);
    }
    assert_eq!((api.total(&other).await, api.total(&job).await), (90, 0));
    // A repeat gets the same, also when its answer was lost long ago.
    ada.post(START, &json!({ "related_job": job })).await.expect(201);
    assert_eq!(ada.post(STOP, &json!({ "id": timer["id"] })).await.expect(200).json(), stopped);
    assert_eq!(ada.get(TIMER).await.expect(200).json()["related_job"], json!(job));
    service.assert_totals_are_sums().await;
}

async fn a_start_ends_the_timer_that_runs_where_the_new_one_starts(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "manager").await);
    let job = api.new_job("Research").await;
    let first = start(&ada, &job, 60).await;
    let started_at = after(&first["timer"]["started_at"], 40);
    let second = ada.post(START, &json!({ "related_job": job, "started_at": started_at })).await.expect(201).json();
    let stopped = &second["stopped"];
    assert_eq!((&stopped["id"], &stopped["minutes"]), (&first["timer"]["id"], &json!(40)));
    assert_eq!(api.total(&job).await, 40);
    let earlier = json!({ "related_job": job, "started_at": after(&second["timer"]["started_at"], -1) });
    let refused = ada.post(START, &earlier).await;
    assert_eq!(refused.blamed(), ["/started_at"]);
    refused.expect_problem(422, "validation-failed");
    let keyed = ada.post(START, &json!({ "related_job": job })).header("idempotency-key", "once").await;
    keyed.expect_problem(400, "malformed-header");
    assert_eq!(ada.get(TIMER).await.expect(200).json(), second["timer"]);
}

async fn a_timer_that_is_thrown_away_logs_nothing(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let job = api.new_job("Research").await;
    ada.delete(TIMER).await.expect_problem(404, "not-found");
    ada.patch(TIMER, &json!({})).await.expect_problem(404, "not-found");
    let timer = start(&ada, &job, 60).await["timer"].clone();
    let stale = ada.delete(TIMER).header("if-match", "\"1\"").await;
    stale.expect_problem(412, "precondition-failed");
    ada.delete(TIMER).await.expect(204);
    ada.get(TIMER).await.expect(204);
    ada.post(STOP, &json!({ "id": timer["id"] })).await.expect_problem(404, "not-found");
    ada.post(STOP, &json!({ "id": chosen_id() })).await.expect_problem(404, "not-found");
    assert_eq!(api.total(&job).await, 0);
}

async fn bad_input_is_told_with_its_pointer_and_nothing_is_stored(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let (job, archived) = (api.new_job("Research").await, api.new_job("Done").await);
    api.patch(format!("/jobs/{archived}"), &json!({ "status": "archived" })).await.expect(200);
    let year = 365 * 24 * 60;
    for (body, status, code, pointer) in [
        (json!({ "related_job": archived }), 409, "job-archived", "/related_job"),
        (json!({ "related_job": chosen_id() }), 422, "unknown-job", "/related_job"),
        (json!({}), 422, "validation-failed", "/related_job"),
        (json!({ "related_job": job, "started_at": ago(-60) }), 422, "validation-failed", "/started_at"),
        (json!({ "related_job": job, "started_at": ago(year + 1) }), 422, "validation-failed", "/started_at"),
        (json!({ "related_job": job, "started_at": "yesterday" }), 422, "validation-failed", "/started_at"),
        (json!({ "related_job": job, "work_summary": "a\u{7}" }), 422, "validation-failed", "/work_summary"),
    ] {
        let refused = ada.post(START, &body).await;
        assert_eq!(refused.blamed(), [pointer], "{refused}");
        refused.expect_problem(status, code);
    }
    ada.get(TIMER).await.expect(204);

    let timer = start(&ada, &job, 60).await["timer"].clone();
    for (body, status, code, pointer) in [
        (json!({ "related_job": archived }), 409, "job-archived", "/related_job"),
        (json!({ "related_job": chosen_id() }), 422, "unknown-job", "/related_job"),
        (json!({ "started_at": ago(-60) }), 422, "validation-failed", "/started_at"),
    ] {
        let refused = ada.patch(TIMER, &body).await;
        assert_eq!(refused.blamed(), [pointer], "{refused}");
        refused.expect_problem(status, code);
    }
    let id = &timer["id"];
    for (body, pointer) in [
        (json!({ "id": id, "at": after(&timer["started_at"], -1) }), "/at"),
        (json!({ "id": id, "at": ago(-60) }), "/at"),
        (json!({ "id": id, "minutes": 600 }), "/minutes"),
        (json!({ "id": id, "minutes": 0 }), "/minutes"),
        (json!({ "id": id, "at": ago(1), "minutes": 5 }), "/minutes"),
        (json!({ "id": "x" }), "/id"),
    ] {
        let refused = ada.post(STOP, &body).await;
        assert_eq!(refused.blamed(), [pointer], "{refused}");
        refused.expect_problem(422, "validation-failed");
    }
    assert_eq!(ada.get(TIMER).await.expect(200).json(), timer);
    assert_eq!(api.total(&job).await, 0);
}

async fn a_forgotten_timer_stops_once_its_end_is_told(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let job = api.new_job("Research").await;
    let timer = start(&ada, &job, 340 * 60).await["timer"].clone();
    let untold = ada.post(STOP, &json!({ "id": timer["id"] })).await.expect_problem(409, "timer-needs-end");
    assert!(text(&untold, "detail").contains("`at` or `minutes`"), "{untold}");
    let next = ada.post(START, &json!({ "related_job": job })).await;
    next.expect_problem(409, "timer-needs-stop");
    let stopped = ada.post(STOP, &json!({ "id": timer["id"], "minutes": 45 })).await.expect(200).json();
    assert_eq!(stopped["minutes"], 45);
    assert_eq!(api.total(&job).await, 45);
}

async fn a_timer_of_an_archived_or_deleted_job_stops_with_another(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let other = api.new_job("Review").await;
    for (gone, status, code) in [(false, 409, "job-archived"), (true, 422, "unknown-job")] {
        let job = api.new_job("Research").await;
        let timer = start(&ada, &job, 30).await["timer"].clone();
        if gone {
            api.delete(format!("/jobs/{job}")).await.expect(204);
        } else {
            api.patch(format!("/jobs/{job}"), &json!({ "status": "archived" })).await.expect(200);
        }
        let refused = ada.post(STOP, &json!({ "id": timer["id"] })).await;
        assert_eq!(refused.blamed(), ["/related_job"]);
        refused.expect_problem(status, code);
        ada.post(STOP, &json!({ "id": timer["id"], "minutes": 30, "related_job": other })).await.expect(200);
    }
    assert_eq!(api.total(&other).await, 60);
}

async fn a_person_sees_no_timer_of_another_and_loses_it_when_deactivated(service: Service) {
    let api = &service.api;
    let (ada, bob) = (person(&service, "ada", "member").await, person(&service, "bob", "admin").await);
    let job = api.new_job("Research").await;
    let timer = start(&ada, &job, 60).await["timer"].clone();
    bob.get(TIMER).await.expect(204);
    bob.post(STOP, &json!({ "id": timer["id"] })).await.expect_problem(404, "not-found");
    bob.delete(TIMER).await.expect_problem(404, "not-found");
    service.run(&["person", "deactivate", "ada"]);
    service.run(&["person", "activate", "ada"]);
    assert_eq!(api.total(&job).await, 0);
    // Her tokens are gone, too; another one finds no timer.
    let link = service.run(&["person", "invite", "ada"]);
    let secret = link.trim_end().split_once('#').unwrap().1;
    let accepted =
        api.anonymous().post("/api/v1/invitations", &json!({ "secret": secret, "password": "battery staple horse" }));
    let cookie = accepted.header("sec-fetch-site", "same-origin").await.expect(200);
    let cookie = cookie.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    api.anonymous().get(TIMER).header("cookie", cookie).await.expect(204);
}

async fn twenty_starts_at_once_leave_one_timer_and_twenty_stops_one_set_of_entries(service: Service) {
    let (api, ada) = (&service.api, person(&service, "ada", "member").await);
    let job = api.new_job("Research").await;
    let starts = join_all((0..20).map(|_| {
        let (ada, body) = (ada.clone(), json!({ "related_job": job }));
        async move { ada.post(START, &body).await.expect(201).json() }
    }))
    .await;
    let running = ada.get(TIMER).await.expect(200).json();
    ada.patch(TIMER, &json!({ "started_at": ago(60) })).await.expect(200);
    let ended = starts.iter().filter(|each| each["stopped"] != Value::Null).count();
    assert_eq!((ended, api.total(&job).await), (19, 0));
    let stops = join_all((0..20).map(|_| {
        let (body, ada) = (json!({ "id": running["id"], "minutes": 60 }), ada.clone());
        async move { ada.post(STOP, &body).await.expect(200).json() }
    }))
    .await;
    assert!(stops.iter().all(|each| *each == stops[0]), "{stops:?}");
    assert_eq!(api.total(&job).await, 60);
    service.assert_totals_are_sums().await;
}

async fn a_program_has_no_timer_and_a_viewer_starts_none(service: Service) {
    let (api, job) = (&service.api, service.api.new_job("Research").await);
    let start = json!({ "related_job": job });
    for (method, target, body) in [("GET", TIMER, None), ("POST", START, Some(&start)), ("DELETE", TIMER, None)] {
        let request = api.request(method, target);
        body.into_iter().fold(request, super::client::Request::json).await.expect_problem(403, "not-a-person");
    }
    let viewer = person(&service, "eve", "viewer").await;
    viewer.get(TIMER).await.expect(204);
    viewer.post(START, &start).await.expect_problem(403, "forbidden");
}

/// At whatever step of the stop: its time is logged, or the timer still runs.
async fn a_killed_service_leaves_a_timer_running_or_stopped(mut service: Service) {
    let token = person(&service, "ada", "member").await.authorization().replace("Bearer ", "");
    let job = service.api.new_job("Research").await;
    for (stops, turns) in (0..).zip([0, 50, 200, 800, 3_000, 10_000]) {
        let ada = service.api.with_token(&token);
        let timer = start(&ada, &job, 60).await["timer"].clone();
        let stop = json!({ "id": timer["id"], "minutes": 60 });
        let kill = async {
            for _ in 0..turns {
                actix_web::rt::task::yield_now().await;
            }
            service.signal("KILL");
        };
        let (answered, ()) = futures::join!(ada.post(STOP, &stop).attempt(), kill);
        service.restart();
        let ada = service.api.with_token(&token);
        let has_stopped = ada.get(TIMER).await.status == 204;
        assert!(has_stopped || answered.is_err(), "an answered stop is gone");
        assert_eq!(service.api.total(&job).await, 60 * (stops + u64::from(has_stopped)));
        assert_eq!(ada.post(STOP, &stop).await.expect(200).json()["minutes"], 60);
        assert_eq!(service.api.total(&job).await, 60 * (stops + 1));
        service.assert_totals_are_sums().await;
    }
}
