//! From a ping to a total: through the database on both backends, and through Redis with several services and workers.
//!
//! A worker sends no event when it has logged a ping, so tests read totals until they are as expected.

use futures::future::join_all;
use serde_json::{Value, json};

use super::client::Client;
use super::ledger::text;
use super::service::{Service, on_both_databases};
use super::until::until;

on_both_databases!(
    pings_become_entries_and_totals,
    pings_in_any_order_come_to_the_same_derived_entry,
    a_project_gets_a_job_of_its_name,
    a_ping_that_is_taken_back_takes_its_time_along,
    a_token_has_so_many_jobs_made_on_a_day_and_no_more,
);

/// A worker where `serve` has none.
fn with_worker(service: Service) -> Service {
    service.set("STINT_WORKER__IN_SERVE", "true")
}

/// Waits until the job has this total.
pub(super) async fn until_total(api: &Client, job: &str, total: u64) {
    until(&format!("a total of {total}"), async || (api.total(job).await == total).then_some(())).await;
}

/// The jobs' names and totals, once the totals add up to so many minutes.
pub(super) async fn totals(api: &Client, minutes: u64) -> Vec<(String, u64)> {
    until(&format!("{minutes} minutes in all"), async || {
        let jobs = api.all("/jobs").await;
        let total = |job: &Value| (text(job, "name"), job["total_minutes"].as_u64().unwrap());
        let mut totals: Vec<_> = jobs.iter().map(total).collect();
        totals.sort();
        (totals.iter().map(|(_, total)| total).sum::<u64>() == minutes).then_some(totals)
    })
    .await
}

pub(super) fn expected(totals: &[(&str, u64)]) -> Vec<(String, u64)> {
    totals.iter().map(|(name, total)| ((*name).to_owned(), *total)).collect()
}

async fn capture_token(api: &Client, job: &str) -> String {
    let token = api.post(format!("/jobs/{job}/capture-tokens"), &json!({ "name": "laptop" })).await.expect(201).json();
    text(&token, "ping_url")
}

/// Seconds since 1970 of the moment so many minutes before a recent noon (UTC).
fn before_noon(minutes: i64) -> i64 {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    (now / 86_400 - 1) * 86_400 + 43_200 - minutes * 60
}

async fn pings_become_entries_and_totals(service: Service) {
    let service = with_worker(service);
    let (api, anonymous) = (&service.api, service.api.anonymous());
    let job = api.new_job("Research").await;
    let ping = capture_token(api, &job).await;
    let id = text(&anonymous.get(format!("{ping}?minutes=30&summary=review")).await.expect(202).json(), "id");
    anonymous.post(&ping, &json!({ "minutes": 12, "at": "2026-01-15T23:30:00Z" })).await.expect(422);
    until_total(api, &job, 30).await;
    let logged = api.get(format!("/pings/{id}")).await.expect(200).json();
    assert_eq!((&logged["status"], &logged["time_entry"]), (&json!("logged"), &json!(id)));
    let entry = api.get(format!("/time-entries/{id}")).await.expect(200).json();
    assert_eq!((&entry["work_summary"], &entry["created_by"]), (&json!("review"), &json!(service.subject)));
    // The same ping again, by the sender's own name for it.
    for _ in 0..3 {
        anonymous.get(format!("{ping}?minutes=5&id=commit-4711")).await.expect(202);
    }
    until_total(api, &job, 35).await;
    anonymous.head(format!("{ping}?minutes=5")).await.expect(202);
    anonymous.get(format!("{ping}?minutes=1")).await.expect(202);
    until_total(api, &job, 36).await;
    service.assert_totals_are_sums().await;
}

async fn pings_in_any_order_come_to_the_same_derived_entry(service: Service) {
    let service = with_worker(service);
    let (api, anonymous) = (&service.api, service.api.anonymous());
    for order in [[0, 10, 20, 30], [30, 0, 20, 10], [20, 30, 10, 0]] {
        let job = api.new_job("Research").await;
        let ping = capture_token(api, &job).await;
        for minutes in order {
            anonymous.get(format!("{ping}?at={}", before_noon(minutes))).await.expect(202);
        }
        until_total(api, &job, 30).await;
        assert_eq!(api.all(&format!("/jobs/{job}/time-entries")).await.len(), 1);
    }
    service.assert_totals_are_sums().await;
}

async fn a_project_gets_a_job_of_its_name(service: Service) {
    let service = with_worker(service);
    let (api, anonymous) = (&service.api, service.api.anonymous());
    let token =
        api.post("/capture-tokens", &json!({ "name": "editor", "creates_jobs": true })).await.expect(201).json();
    let ping = text(&token, "ping_url");
    anonymous.get(&ping).await.expect(422);
    // The last two look the same: "büro", composed and decomposed.
    for project in ["stint", "notes", "stint", "b%C3%BCro", "bu%CC%88ro"] {
        anonymous.get(format!("{ping}?project={project}&minutes=7")).await.expect(202);
    }
    assert_eq!(totals(api, 35).await, expected(&[("büro", 14), ("notes", 7), ("stint", 14)]));
}

/// The limit holds across services and restarts. Pings for projects that have a job are still accepted.
async fn a_token_has_so_many_jobs_made_on_a_day_and_no_more(service: Service) {
    let service = with_worker(service).set("STINT_CAPTURE__NEW_JOBS_PER_DAY", "2");
    service.api.new_job("made by hand").await;
    let token = json!({ "name": "editor", "creates_jobs": true });
    let token = service.api.post("/capture-tokens", &token).await.expect(201).json();
    let (ping, key) = (text(&token, "ping_url"), text(&token, "secret"));
    let heartbeats: Vec<_> = (0..50)
        .map(|at| json!({ "time": before_noon(at), "project": format!("project {}", at % 5) }))
        .chain([json!({ "time": before_noon(60), "project": "made by hand" })])
        .collect();
    let url = format!("/api/wakatime/v1/users/current/heartbeats.bulk?api_key={key}");
    let answer = service.api.anonymous().post(&url, &json!(heartbeats)).await.expect(201).json();
    let statuses: Vec<_> = answer["responses"].as_array().unwrap().iter().map(|pair| pair[1].as_u64()).collect();
    // Their own times count, and the last ones are the earliest.
    let expected = |at: usize| Some(if at == 50 || at % 5 > 2 { 201 } else { 429 });
    assert_eq!(statuses, (0..51).map(expected).collect::<Vec<_>>());

    let mut service = service.set("STINT_CAPTURE__NEW_JOBS_PER_DAY", "2");
    let there = service.another_instance(&[]).anonymous();
    for instance in [service.api.anonymous(), there] {
        let refused = instance.get(format!("{ping}?minutes=1&project=yet+another")).await;
        assert!(refused.header("retry-after").is_some(), "{refused}");
        refused.expect_problem(429, "too-many-new-jobs");
        instance.get(format!("{ping}?minutes=1&project=project+3")).await.expect(202);
        instance.get(format!("{ping}?minutes=1&project=made+by+hand")).await.expect(202);
    }
    let api = &service.api;
    let count = async || api.all("/pings?status=queued").await.len() + api.all("/jobs").await.len();
    until("three jobs and nothing queued", async || (count().await == 3).then_some(())).await;
    service.assert_totals_are_sums().await;
}

async fn a_ping_that_is_taken_back_takes_its_time_along(service: Service) {
    let service = with_worker(service);
    let (api, anonymous) = (&service.api, service.api.anonymous());
    let job = api.new_job("Research").await;
    let ping = capture_token(api, &job).await;
    let mut ids = Vec::new();
    for minutes in [0, 10, 20] {
        let answer = anonymous.get(format!("{ping}?at={}", before_noon(minutes))).await.expect(202);
        ids.push(text(&answer.json(), "id"));
    }
    until_total(api, &job, 20).await;
    for _ in 0..2 {
        api.delete(format!("/pings/{}", ids[2])).await.expect(204);
    }
    assert_eq!(api.total(&job).await, 10);
    let states: Vec<_> = api.all("/pings?status=retracted").await.iter().map(|ping| text(ping, "id")).collect();
    assert_eq!(states, [ids[2].clone()]);
    let entry = &api.all(&format!("/jobs/{job}/time-entries")).await[0];
    api.patch(format!("/time-entries/{}", text(entry, "id")), &json!({ "minutes_worked": 99 })).await.expect(200);
    api.delete(format!("/pings/{}", ids[0])).await.expect_problem(409, "entry-detached");
}

/// Even with repeats and killed workers.
#[cfg(feature = "system-tests")]
#[actix_web::test]
async fn two_services_and_two_workers_on_one_redis_and_one_postgres_behave_as_one() {
    let redis = super::redis::Redis::start();
    // After this time another worker takes the pings of the killed one, and the total is complete.
    let settings = [("STINT_REDIS__URL", redis.url()), ("STINT_WORKER__ABANDONED_AFTER", "10s".to_owned())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut service = Service::on_postgres_by(|address| address, &settings);
    let there = service.another_instance(&[]).anonymous();
    let here = service.api.anonymous();
    let (worker, _other) = (service.another_worker(), service.another_worker());
    let jobs = [service.api.new_job("A").await, service.api.new_job("B").await];
    let pings = [capture_token(&service.api, &jobs[0]).await, capture_token(&service.api, &jobs[1]).await];
    let send = |at: usize| {
        let (here, there, ping) = (&here, &there, &pings[at % 2]);
        async move {
            // Each ping is sent twice, once to each service.
            for instance in [here, there] {
                instance.get(format!("{ping}?minutes=1&id=ping-{at}")).await.expect(202);
            }
        }
    };
    join_all((0..100).map(send)).await;
    worker.signal("KILL");
    join_all((100..200).map(send)).await;
    for job in &jobs {
        until_total(&service.api, job, 100).await;
    }
    // The other worker got the pings of the killed one, and each counted once.
    assert_eq!(service.run(&["pings", "dead", "--json"]).trim(), "[]");
    let listed = service.api.all("/pings?limit=200&status=logged").await;
    assert_eq!(listed.len(), 200);
    assert!(listed.iter().all(|ping: &Value| ping["status"] == "logged"));
    service.assert_totals_are_sums().await;
}

/// Some pings wait in the database from a time with other settings.
#[cfg(feature = "system-tests")]
#[actix_web::test]
async fn pings_that_wait_in_the_database_are_listed_and_logged_when_redis_takes_new_ones() {
    let redis = super::redis::Redis::start();
    let service = Service::on_sqlite_with(&[("STINT_WORKER__IN_SERVE", "false")]);
    let job = service.api.new_job("Research").await;
    let ping = capture_token(&service.api, &job).await;
    service.api.anonymous().get(format!("{ping}?minutes=4&id=before")).await.expect(202);
    let service = service.set("STINT_REDIS__URL", &redis.url());
    service.api.anonymous().get(format!("{ping}?minutes=5&id=after")).await.expect(202);
    let queued = service.api.all("/pings?status=queued").await;
    assert_eq!(queued.iter().map(|ping| ping["minutes"].as_u64()).collect::<Vec<_>>(), [Some(5), Some(4)]);
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    until_total(&service.api, &job, 9).await;
    service.assert_totals_are_sums().await;
}

/// No client gets 202 for a ping that was not queued.
#[cfg(feature = "system-tests")]
#[actix_web::test]
async fn while_redis_is_down_pings_are_refused_or_spooled_and_none_is_lost() {
    for (when_down, status) in [("refuse", 503), ("spool", 202)] {
        let mut redis = super::redis::Redis::start();
        let settings = [
            ("STINT_REDIS__URL", redis.url()),
            ("STINT_CAPTURE__WHEN_QUEUE_IS_DOWN", when_down.to_owned()),
            ("STINT_WORKER__IN_SERVE", "true".to_owned()),
        ];
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let service = Service::on_sqlite_with(&settings);
        let (api, anonymous) = (&service.api, service.api.anonymous());
        let job = api.new_job("Research").await;
        let ping = capture_token(api, &job).await;
        anonymous.get(format!("{ping}?minutes=1&id=before")).await.expect(202);
        until_total(api, &job, 1).await;
        redis.kill();
        let answer = anonymous.get(format!("{ping}?minutes=2&id=meanwhile")).await.expect(status);
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{answer}");
        if status == 202 {
            until_total(api, &job, 3).await;
        }
        redis.restart();
        let again = async || anonymous.get(format!("{ping}?minutes=2&id=meanwhile")).await.status;
        until("Redis is found again", async || (again().await == 202).then_some(())).await;
        until_total(api, &job, 3).await;
        service.assert_totals_are_sums().await;
    }
}
