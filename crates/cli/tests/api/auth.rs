//! Who may do what, and request ids.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{chosen_id, entry, id, text};
use super::service::{Service, on_both_databases};
use super::until::within;

on_both_databases!(
    without_a_valid_token_nothing_is_told,
    each_scope_opens_its_own_requests,
    a_token_that_expires_is_refused_from_then_on,
    a_token_that_is_revoked_is_refused_within_five_seconds,
    health_and_reference_need_no_token,
    a_request_keeps_its_id_when_that_is_valid,
);

async fn without_a_valid_token_nothing_is_told(service: Service) {
    let api = &service.api;
    let job = api.new_job("Secret project").await;
    let unknown = format!("stint_{}", "A".repeat(43));
    for consumer in [api.anonymous(), api.with_token("password"), api.with_token(&unknown), api.with_token("")] {
        for request in [
            consumer.get("/jobs"),
            consumer.get(format!("/jobs/{job}")),
            consumer.get(format!("/jobs/{}", chosen_id())),
            consumer.get("/jobs?limit=0"),
            consumer.delete(format!("/jobs/{job}")),
            consumer.post("/jobs", &json!({ "name": "x" })),
            consumer.post("/jobs", &json!({ "bad": "x" })),
            consumer.post("/time-entries/batch", &json!({ "mode": "atomic", "items": [] })),
        ] {
            let answer = request.await;
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{answer}");
            assert!(!answer.text().contains("Secret project") && !answer.text().contains(&unknown), "{answer}");
            answer.expect_problem(401, "unauthorized");
        }
    }
    let basic = api.get("/jobs").header("authorization", "Basic YWRhOnBhc3N3b3Jk").await;
    basic.expect_problem(401, "unauthorized");
    assert_eq!(api.all("/jobs").await.len(), 1);
}

async fn each_scope_opens_its_own_requests(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let path = format!("/jobs/{job}/time-entries");
    let reader = api.with_token(service.new_token("read", "reader"));
    let writer = api.with_token(service.new_token("write", "writer"));
    let admin = api.with_token(service.new_token("admin", "admin"));
    reader.get(&path).await.expect(200);
    writer.post(&path, &entry(1)).await.expect(201);
    admin.get(&path).await.expect(200);
    let logged = format!("/time-entries/{}", id(&admin.log(&job, 2).await));
    for (request, scope) in [
        (reader.post(&path, &entry(4)), "write"),
        (reader.post("/jobs", &json!({ "name": "x" })), "write"),
        (reader.put(format!("/jobs/{job}"), &json!({ "name": "x" })), "write"),
        (reader.patch(&logged, &json!({ "minutes_worked": 8 })), "write"),
        (reader.delete(&logged), "write"),
        (writer.get("/jobs"), "read"),
        (writer.get(&logged), "read"),
    ] {
        let problem = request.await.expect_problem(403, "forbidden");
        assert!(text(&problem, "detail").contains(scope), "{problem}");
    }
    assert_eq!(api.total(&job).await, 3);
}

async fn a_token_that_expires_is_refused_from_then_on(service: Service) {
    // Long enough for the first request on a busy machine.
    let consumer = service.api.with_token(service.new_expiring_token("read", "visitor", "6s"));
    consumer.get("/jobs").await.expect(200);
    let problem = refusal_within(&consumer, Duration::from_secs(6)).await;
    assert!(text(&problem, "detail").contains("expired"), "{problem}");
}

async fn a_token_that_is_revoked_is_refused_within_five_seconds(service: Service) {
    let consumer = service.api.with_token(service.new_token("read", "leaver"));
    consumer.get("/jobs").await.expect(200);
    service.revoke_token("leaver");
    let problem = refusal_within(&consumer, Duration::from_secs(5)).await;
    assert!(text(&problem, "detail").contains("revoked"), "{problem}");
    service.api.get("/jobs").await.expect(200);
}

/// Asks until the token is refused. A request that starts after this time must be refused.
pub(super) async fn refusal_within(consumer: &Client, time: Duration) -> Value {
    let refusal = async || Some(consumer.get("/jobs").await).filter(|answer| answer.status != 200);
    within(time, "the token is refused", refusal).await.expect_problem(401, "unauthorized")
}

async fn health_and_reference_need_no_token(service: Service) {
    let anyone = service.api.anonymous();
    for target in ["/healthz", "/readyz", "/openapi.json", "/docs"] {
        anyone.get(target).await.expect(200);
    }
}

async fn a_request_keeps_its_id_when_that_is_valid(service: Service) {
    let api = &service.api;
    let longest = "x".repeat(128);
    for valid in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "A.b_c-9", &longest] {
        for target in ["/jobs", "/healthz", "/nowhere"] {
            assert_eq!(api.get(target).header("x-request-id", valid).await.header("x-request-id"), Some(valid));
        }
    }
    for invalid in ["", "with space", "quote\"", "semi;colon", "käse", "a/b", &"x".repeat(129)] {
        let answer = api.get("/jobs").header("x-request-id", invalid).await.expect(200);
        assert_ne!(answer.header("x-request-id"), Some(invalid));
    }
    let problem = api.get("/jobs?limit=0").header("x-request-id", "find-me").await.problem();
    assert_eq!(problem["request_id"], "find-me");
    let first = api.get("/jobs").await;
    assert_ne!(first.header("x-request-id"), api.get("/jobs").await.header("x-request-id"));
}
