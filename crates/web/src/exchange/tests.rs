//! What happens around every handler, seen from outside.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::Service;
use actix_web::test::init_service;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::test::{self, Ports, TestRequest, by, job, secret, send, sent};
use crate::{BodyBudget, HttpMetrics, pieces};

const JOBS: &str = "/api/v1/jobs";
const JOB_URL: &str = "/api/v1/jobs/00000000-0000-0000-0000-000000000005";

#[actix_web::test]
async fn an_unknown_route_is_a_problem_that_names_it() {
    let api = Ports::new().api();
    for path in ["/", "/api/v1/job", "/api/v1/jobs/", "/api/v2/jobs", "/metrics", "/api/v1/jobs/%zz/nothing"] {
        let reply = send(&api, TestRequest::with_uri(path)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "route-not-found"), "{path}");
        assert!(reply.json()["detail"].as_str().unwrap().contains(&format!("`{path}`")));
    }
}

#[actix_web::test]
async fn a_wrong_method_is_a_problem_with_allow() {
    let api = Ports::new().api();
    for (method, url, allow) in [
        ("DELETE", JOBS, "GET, HEAD, POST"),
        ("POST", JOB_URL, "GET, HEAD, PUT, PATCH, DELETE"),
        ("BREW", "/healthz", "GET, HEAD"),
        ("OPTIONS", "/docs", "GET, HEAD"),
    ] {
        let reply = send(&api, TestRequest::with_uri(url).method(method.parse().unwrap())).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (405, "method-not-allowed"), "{method} {url}");
        assert_eq!(reply.header("allow"), allow);
    }
}

#[actix_web::test]
async fn without_a_valid_token_nothing_is_read() {
    let api = Ports::new().api();
    let bearer = |value: &str| TestRequest::post().uri(JOBS).insert_header(("Authorization", value));
    let unknown = format!("Bearer {}", secret("x"));
    for (request, challenge) in [
        (TestRequest::post().uri(JOBS), "Bearer realm=\"stint\""),
        (bearer("Basic YTpi"), "Bearer realm=\"stint\", error=\"invalid_token\""),
        (bearer("Bearer"), "Bearer realm=\"stint\", error=\"invalid_token\""),
        (bearer("Bearer secret"), "Bearer realm=\"stint\", error=\"invalid_token\""),
        (bearer(&unknown), "Bearer realm=\"stint\", error=\"invalid_token\""),
        (bearer(&unknown).append_header(("Authorization", "x")), "Bearer realm=\"stint\", error=\"invalid_token\""),
    ] {
        // The body has the wrong type and is not JSON, but the answer is about the token.
        let reply = send(&api, request.set_payload("not read")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "unauthorized"));
        assert_eq!(reply.header("www-authenticate"), challenge);
        assert!(!String::from_utf8_lossy(&reply.body).contains("secret"));
    }
    let lower_case =
        TestRequest::with_uri("/api/v1/jobs/x").insert_header(("Authorization", format!("bearer {}", secret("r"))));
    assert_eq!(send(&api, lower_case).await.status, 422);
}

#[actix_web::test]
async fn a_missing_scope_is_named_before_a_body_is_read() {
    let api = Ports::new().api();
    for (kind, method, url, scope) in [
        ("r", "POST", JOBS, "write"),
        ("r", "DELETE", JOB_URL, "write"),
        ("r", "POST", "/api/v1/time-entries/batch", "write"),
        ("w", "GET", JOBS, "read"),
        ("w", "GET", "/api/v1/time-entries", "read"),
    ] {
        let reply = send(&api, by(kind, method, url).set_payload("not read")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "forbidden"), "{method} {url}");
        assert_eq!(reply.json()["detail"], format!("the token lacks the scope `{scope}`"));
        let challenge = format!("Bearer realm=\"stint\", error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
}

#[actix_web::test]
async fn tokens_that_cannot_be_looked_up_are_503() {
    let reply = send(&Ports::new().api(), by("f", "GET", JOBS)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"));
}

#[actix_web::test]
async fn a_request_keeps_its_valid_id_and_gets_one_otherwise() {
    let api = Ports::new().api();
    let id = |sent: &str| TestRequest::with_uri("/nowhere").insert_header(("X-Request-Id", sent));
    assert_eq!(send(&api, id("a.B-3_")).await.header("x-request-id"), "a.B-3_");
    for bad in ["", "a b", "a\"b", &"x".repeat(129)] {
        let given = send(&api, id(bad)).await.header("x-request-id").to_owned();
        assert!(given.parse::<uuid::Uuid>().is_ok(), "{bad} became {given}");
    }
}

#[actix_web::test]
async fn a_handler_that_panics_is_a_500_without_details() {
    let api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| panic!("the password is wrong"));
    });
    let reply = send(&api, by("r", "GET", JOB_URL)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (500, "internal"));
    assert!(!String::from_utf8_lossy(&reply.body).contains("password"));
}

/// A repository that never answers.
struct Stuck;

#[async_trait::async_trait]
impl stint_domain::HealthCheck for Stuck {
    async fn check(&self) -> Result<(), stint_domain::NotReady> {
        std::future::pending().await
    }
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_answered_in_time() {
    let mut api = Ports::new().api();
    api.health = std::sync::Arc::new(Stuck);
    api.limits.request_timeout = Duration::from_millis(20);
    let reply = send(&api, TestRequest::with_uri("/readyz")).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "timeout"));
    assert_eq!(reply.header("retry-after"), "1");
}

#[actix_web::test]
async fn a_request_whose_caller_goes_away_is_counted() {
    let (mut registry, mut api) = (Registry::default(), Ports::new().api());
    api.health = std::sync::Arc::new(Stuck);
    api.metrics = HttpMetrics::new(&mut registry);
    let service = init_service(crate::app(api)).await;
    let mut request = Box::pin(service.call(TestRequest::with_uri("/readyz").to_request()));
    assert!(futures::poll!(&mut request).is_pending());
    drop(request);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(text.contains("stint_http_requests_abandoned_total 1"), "{text}");
    assert!(text.contains("stint_http_requests_in_flight 0"), "{text}");
}

#[actix_web::test]
async fn bodies_are_json_of_the_right_type_and_size() {
    let mut api = Ports::new().api();
    api.limits.body_bytes = 64;
    let large = format!("{{\"name\": \"{}\"}}", "n".repeat(64));
    for (body, content_type, status, code) in [
        ("{}", "text/plain", 415, "unsupported-media-type"),
        ("{}", "application/merge-patch+json", 415, "unsupported-media-type"),
        ("{}", "application/json; charset=latin1", 415, "unsupported-media-type"),
        ("", "application/json", 400, "malformed-json"),
        ("{\"name\": ", "application/json", 400, "malformed-json"),
        ("{\"name\": \"\\ud800\"}", "application/json", 400, "malformed-json"),
        ("{\"name\": 1, \"name\": 2}", "application/json", 400, "malformed-json"),
        (large.as_str(), "application/json", 413, "body-too-large"),
    ] {
        let reply = send(&api, sent("POST", JOBS, body).insert_header(("Content-Type", content_type))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{body} as {content_type}");
    }
    let untyped = by("a", "POST", JOBS).set_payload("{}");
    assert_eq!(send(&api, untyped).await.code(), "unsupported-media-type");
    let reply = send(&api, sent("PATCH", JOB_URL, "{\"a\":[{\"b\"")).await;
    assert!(reply.json()["detail"].as_str().unwrap().contains("line 1 column 10"), "{:?}", reply.json());
}

#[actix_web::test]
async fn who_leaves_large_answers_unread_writes_nothing_and_is_counted() {
    let mut registry = Registry::default();
    // Its ports fail the test when they are called.
    let mut api = Ports::new().api();
    api.metrics = HttpMetrics::new(&mut registry);
    api.bodies = BodyBudget::new(64 << 20, &api.metrics);
    let large = HttpResponse::Ok().body("x".repeat(12 << 20));
    let unread = pieces::of(large, api.bodies.answers(), Some(test::token().id));
    let put = || sent("PUT", JOB_URL, r#"{"name": "Research"}"#);
    let reply = send(&api, put()).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(text.contains("stint_http_answers_refused_total 1"), "{text}");
    drop(unread);
    assert!(api.bodies.answers().admit(Some(test::token().id)).is_ok());
}

#[actix_web::test]
async fn requests_are_counted_by_method_route_and_status_with_bounded_labels() {
    let mut registry = Registry::default();
    let mut api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| Ok(Some(job())));
    });
    api.metrics = HttpMetrics::new(&mut registry);
    send(&api, by("r", "GET", JOB_URL)).await;
    send(&api, by("x", "GET", JOB_URL)).await;
    for path in ["/a", "/b"] {
        send(&api, TestRequest::with_uri(path).method("BREW".parse().unwrap())).await;
    }
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let route = "/api/v1/jobs/{id}";
    for line in [
        format!("stint_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"200\"}} 1"),
        format!("stint_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"401\"}} 1"),
        "stint_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 2".to_owned(),
        format!("stint_http_request_duration_seconds_count{{route=\"{route}\"}} 2"),
        "stint_http_requests_in_flight 0".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}
