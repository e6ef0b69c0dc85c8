//! The OpenAPI document and the page that shows it. [`super::contract`] checks that every answer fits it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::contract::resolve;
use super::service::{Service, on_both_databases};

on_both_databases!(
    the_document_is_the_one_that_the_binary_prints,
    the_document_names_every_route_and_method_and_no_other,
    the_document_names_what_clients_must_expect,
    every_operation_has_an_id_a_summary_and_examples,
    the_reference_page_needs_no_other_host,
);

const JOB: &str = "/api/v1/jobs/{id}";
const ENTRIES_OF_JOB: &str = "/api/v1/jobs/{id}/time-entries";
const TIME_ENTRY: &str = "/api/v1/time-entries/{id}";
const BATCH: &str = "/api/v1/time-entries/batch";

async fn document(service: &Service) -> Value {
    service.api.anonymous().get("/openapi.json").await.expect(200).json()
}

async fn the_document_is_the_one_that_the_binary_prints(service: Service) {
    let served = document(&service).await;
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1."));
    let printed = service.run(&["openapi"]);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), served);
}

async fn the_document_names_every_route_and_method_and_no_other(service: Service) {
    let document = document(&service).await;
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let mut named = BTreeSet::new();
    for (route, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| methods.contains(&key.as_str()) && *key != "head") {
            named.insert(format!("{method} {route}"));
        }
    }
    let expected = [
        ("/api/v1/jobs", &["get", "post"][..]),
        (JOB, &["get", "put", "patch", "delete"]),
        (ENTRIES_OF_JOB, &["get", "post"]),
        ("/api/v1/time-entries", &["get"]),
        (TIME_ENTRY, &["get", "put", "patch", "delete"]),
        (BATCH, &["post"]),
        ("/ping/{token}", &["get", "post"]),
        ("/api/v1/pings", &["get"]),
        ("/api/v1/pings/{id}", &["get", "delete"]),
        ("/api/v1/jobs/{id}/capture-tokens", &["get", "post"]),
        ("/api/v1/capture-tokens", &["get", "post"]),
        ("/api/v1/capture-tokens/{id}", &["get", "patch", "delete"]),
        ("/api/wakatime/v1", &["post"]),
        ("/api/wakatime/v1/users/current/heartbeats.bulk", &["post"]),
        ("/api/wakatime/v1/users/current/heartbeats", &["post"]),
        ("/api/wakatime/v1/users/current", &["get"]),
        ("/api/wakatime/v1/users/current/summaries", &["get"]),
        ("/api/wakatime/v1/users/current/statusbar/today", &["get"]),
        ("/api/wakatime/v1/plugins/errors", &["post"]),
        ("/api/v1/timer", &["get", "patch", "delete"]),
        ("/api/v1/timer/start", &["post"]),
        ("/api/v1/timer/stop", &["post"]),
        ("/api/v1/session", &["get", "post", "delete"]),
        ("/api/v1/invitations", &["post"]),
        ("/api/v1/me", &["get", "patch"]),
        ("/api/v1/me/password", &["put"]),
        ("/api/v1/me/sessions", &["get"]),
        ("/api/v1/me/sessions/{id}", &["delete"]),
        ("/api/v1/people", &["get", "post"]),
        ("/api/v1/people/{id}", &["get", "patch"]),
        ("/api/v1/people/{id}/invitation", &["post"]),
        ("/api/v1/tokens", &["get", "post"]),
        ("/api/v1/tokens/{id}", &["delete"]),
        ("/sign-in", &["get", "post"]),
        ("/sign-out", &["post"]),
        ("/welcome", &["get", "post"]),
        ("/forms.css", &["get"]),
        ("/welcome.js", &["get"]),
        ("/auth/oidc/start", &["get", "post"]),
        ("/auth/oidc/callback", &["get"]),
        ("/api/v1/tasks", &["get"]),
        ("/healthz", &["get"]),
        ("/readyz", &["get"]),
        ("/openapi.json", &["get"]),
        ("/docs", &["get"]),
    ];
    let expected: BTreeSet<_> =
        expected.iter().flat_map(|(route, methods)| methods.iter().map(move |m| format!("{m} {route}"))).collect();
    assert_eq!(named, expected);
}

async fn the_document_names_what_clients_must_expect(service: Service) {
    let document = document(&service).await;
    for (method, route, status, code) in [
        ("post", "/api/v1/jobs", 201, ""),
        ("post", "/api/v1/jobs", 400, "malformed-json"),
        ("post", "/api/v1/jobs", 401, "unauthorized"),
        ("post", "/api/v1/jobs", 403, "forbidden"),
        ("post", "/api/v1/jobs", 413, "body-too-large"),
        ("post", "/api/v1/jobs", 415, "unsupported-media-type"),
        ("post", "/api/v1/jobs", 422, "validation-failed"),
        ("post", "/api/v1/jobs", 422, "idempotency-key-reused"),
        ("post", "/api/v1/jobs", 503, "unavailable"),
        ("get", "/api/v1/jobs", 422, "validation-failed"),
        ("get", JOB, 304, ""),
        ("get", JOB, 404, "not-found"),
        ("put", JOB, 200, ""),
        ("put", JOB, 201, ""),
        ("put", JOB, 412, "precondition-failed"),
        ("patch", JOB, 404, "not-found"),
        ("delete", JOB, 204, ""),
        ("delete", JOB, 409, "job-has-entries"),
        ("post", ENTRIES_OF_JOB, 404, "not-found"),
        ("post", ENTRIES_OF_JOB, 409, "job-archived"),
        ("put", TIME_ENTRY, 422, "unknown-job"),
        ("patch", TIME_ENTRY, 412, "precondition-failed"),
        ("delete", TIME_ENTRY, 409, "job-archived"),
        ("post", BATCH, 201, ""),
        ("post", BATCH, 207, ""),
        ("post", BATCH, 409, "job-archived"),
        ("post", BATCH, 422, "unknown-job"),
        ("get", "/ping/{token}", 429, "too-many-new-jobs"),
        ("get", "/readyz", 503, ""),
    ] {
        let response = resolve(&document, &document["paths"][route][method]["responses"][status.to_string()]);
        assert!(response.is_object(), "{method} {route} {status}");
        assert!(
            response.to_string().contains(&format!("\"{code}\"")) || code.is_empty(),
            "{method} {route} {status} {code}"
        );
    }
}

async fn every_operation_has_an_id_a_summary_and_examples(service: Service) {
    let document = document(&service).await;
    let mut ids = BTreeSet::new();
    for (route, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("no id: {method} {route}"));
            assert!(ids.insert(id), "the id {id} is there twice");
            assert!(operation["summary"].is_string(), "no summary: {method} {route}");
            let request = resolve(&document, &operation["requestBody"]);
            for (media_type, content) in request["content"].as_object().into_iter().flatten() {
                let has_example = !content["example"].is_null() || !content["examples"].is_null();
                assert!(has_example, "no example: {method} {route} {media_type}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let content = &resolve(&document, response)["content"]["application/problem+json"];
                let has_example = !content["example"].is_null() || !content["examples"].is_null();
                assert!(has_example || content.is_null(), "no example: {method} {route} {status}");
            }
        }
    }
}

async fn the_reference_page_needs_no_other_host(service: Service) {
    let page = service.api.anonymous().get("/docs").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let html = page.text();
    for loads in ["src=", "<link", "@import", "url(", "<script"] {
        assert!(!html.contains(loads), "{loads}");
    }
    for route in ["/api/v1/jobs", "/api/v1/time-entries/batch", "/healthz"] {
        assert!(html.contains(route), "{route}");
    }
}
