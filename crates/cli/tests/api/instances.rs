//! Two instances of the server on one Postgres behave as one.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::auth::refusal_within;
use super::client::Client;
use super::concurrency::increment;
use super::ledger::{entry, id};
use super::service::Service;

fn two() -> (Service, Client, Client) {
    let mut service = Service::on_postgres();
    let there = service.another_instance(&[]);
    let here = service.api.clone();
    assert_ne!(here.address(), there.address());
    (service, here, there)
}

#[actix_web::test]
async fn what_one_instance_writes_the_other_shows_at_once() {
    let (_service, here, there) = two();
    let job = here.new_job("Shared").await;
    let entry = there.log(&job, 30).await;
    assert_eq!(here.total(&job).await, 30);
    let target = format!("/time-entries/{}", id(&entry));
    let changed = here.patch(&target, &json!({ "minutes_worked": 31 })).await.expect(200);
    let seen = there.get(&target).await.expect(200);
    assert_eq!((seen.text(), seen.etag()), (changed.text(), changed.etag()));
    there.delete(&target).header("if-match", changed.etag()).await.expect(204);
    here.get(&target).await.expect(404);
    assert_eq!(here.get(format!("/jobs/{job}")).await.text(), there.get(format!("/jobs/{job}")).await.text());
}

#[actix_web::test]
async fn a_walk_may_go_on_at_the_other_instance() {
    let (_service, here, there) = two();
    for name in ["a", "b", "c"] {
        here.new_job(name).await;
    }
    let whole = here.all("/jobs").await;
    let page = here.get("/jobs?limit=2").await.expect(200);
    assert_eq!(there.all(&page.next_link().unwrap()).await, whole[2..]);
}

#[actix_web::test]
async fn a_revoked_token_is_refused_by_both_within_five_seconds() {
    let (service, here, there) = two();
    let secret = service.new_token("read", "leaver");
    let (here, there) = (here.with_token(&secret), there.with_token(&secret));
    for instance in [&here, &there] {
        instance.get("/jobs").await.expect(200);
    }
    service.revoke_token("leaver");
    let refused = [&here, &there].map(|instance| refusal_within(instance, Duration::from_secs(5)));
    join_all(refused).await;
}

#[actix_web::test]
async fn racing_requests_with_one_key_make_one_entry_across_instances() {
    let (_service, here, there) = two();
    let job = here.new_job("Shared").await;
    let send = |instance: &Client| {
        instance.post(format!("/jobs/{job}/time-entries"), &entry(30)).header("idempotency-key", "k")
    };
    let answers = join_all((0..20).map(|at| send([&here, &there][at % 2]).into_future())).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count(), 1);
    assert_eq!((here.total(&job).await, here.all("/time-entries").await.len()), (30, 1));
}

#[actix_web::test]
async fn increments_with_if_match_across_instances_lose_no_update() {
    let (service, here, there) = two();
    let job = here.new_job("Counter").await;
    let target = format!("/time-entries/{}", id(&here.log(&job, 1).await));
    join_all((0..16).map(|at| increment([&here, &there][at % 2], &target, 3))).await;
    assert_eq!(there.total(&job).await, 49);
    service.assert_totals_are_sums().await;
}

#[actix_web::test]
async fn moves_and_batches_across_instances_keep_totals_equal_to_sums() {
    let (service, here, there) = two();
    let jobs = [here.new_job("A").await, here.new_job("B").await];
    let mut targets = Vec::new();
    for at in 0..8 {
        targets.push(format!("/time-entries/{}", id(&here.log(&jobs[at % 2], 10).await)));
    }
    join_all((0..64).map(|at| {
        let (instance, target, job) = ([&here, &there][at % 2], &targets[at * 5 % 8], &jobs[at / 2 % 2]);
        async move {
            instance.patch(target, &json!({ "related_job": job, "minutes_worked": at + 1 })).await.expect(200);
        }
    }))
    .await;
    service.assert_totals_are_sums().await;
}
