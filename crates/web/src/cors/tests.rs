//! Which texts are origins, and what pages of these and of other origins are told.

use serde_json::json;
use stint_domain::Page;

use super::*;
use crate::Api;
use crate::base_path::BasePath;
use crate::surface::Surface;
use crate::test::{Ports, TestRequest, by, send, sent};

const APP: &str = "https://app.example.org";

fn origins(text: &str) -> Result<CorsOrigins, CorsOriginsError> {
    CorsOrigins::try_from(text.to_owned())
}

fn open_to_app(ports: Ports) -> Api {
    let cors = origins(&format!("{APP}, http://localhost:5173")).unwrap();
    Api { surface: Surface::new(BasePath::default(), cors), ..ports.api() }
}

fn of(origin: &str, request: TestRequest) -> TestRequest {
    request.insert_header((header::ORIGIN, origin))
}

fn preflight(origin: &str, uri: &str, method: &str) -> TestRequest {
    let request = TestRequest::with_uri(uri).method(Method::OPTIONS);
    of(origin, request).insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, method))
}

#[test]
fn an_origin_is_what_a_browser_sends() {
    for good in [
        "",
        " ",
        APP,
        "http://localhost:5173,https://app.example.org",
        "https://a.example , https://b.example:8443",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://[2001:db8::1]",
        "chrome-extension://abcdefghijklmnop",
        "capacitor://localhost",
        "https://xn--bro-hoa.example",
    ] {
        assert!(origins(good).is_ok(), "{good}");
    }
    for bad in [
        "*",
        "null",
        "app.example.org",
        "https://*.example.org",
        "https://app.example.org/",
        "https://app.example.org/x",
        "https://App.example.org",
        "HTTPS://app.example.org",
        "https://u@app.example.org",
        "https://app.example.org:443",
        "http://app.example.org:80",
        "https://app.example.org:",
        "https://app.example.org:0",
        "https://app.example.org:08443",
        "https://app.example.org:99999",
        "https://büro.example",
        "https://",
        "://x",
        "https://[]",
        "https://[::1",
        "https://a.example,",
        ",https://a.example",
        "https://a.example https://b.example",
    ] {
        assert!(origins(bad).is_err(), "{bad}");
    }
}

#[actix_web::test]
async fn a_preflight_of_an_admitted_origin_names_every_method_and_header() {
    let api = open_to_app(Ports::new());
    for uri in ["/api/v1/jobs", "/ping/0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a", "/nowhere"] {
        let reply = send(&api, preflight(APP, uri, "PATCH")).await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{uri}");
        assert_eq!(reply.header("access-control-allow-origin"), APP);
        assert_eq!(reply.header("access-control-allow-methods"), "GET, HEAD, POST, PUT, PATCH, DELETE");
        for name in ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-Id"] {
            assert!(reply.header("access-control-allow-headers").split(", ").any(|known| known == name), "{name}");
        }
        assert_eq!(reply.header("vary"), "Origin");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
}

#[actix_web::test]
async fn a_page_of_an_admitted_origin_sees_answers_and_errors_and_their_headers() {
    let mut ports = Ports::new();
    ports.jobs.expect_list().returning(|_| Ok(Page { items: vec![], next: None }));
    let api = open_to_app(ports);
    for (status, request) in [
        (200, by("r", "GET", "/api/v1/jobs")),
        (401, TestRequest::with_uri("/api/v1/jobs")),
        (403, by("w", "GET", "/api/v1/jobs")),
        (422, sent("POST", "/api/v1/jobs", json!({}))),
        (404, TestRequest::with_uri("/nowhere")),
        (405, by("r", "DELETE", "/api/v1/jobs")),
        // Without a method it is not a preflight.
        (405, TestRequest::with_uri("/api/v1/jobs").method(Method::OPTIONS)),
    ] {
        let reply = send(&api, of(APP, request)).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), APP, "{status}");
        assert_eq!(reply.header("vary"), "Origin", "{status}");
        for name in ["ETag", "Location", "Link", "Retry-After", "X-Request-Id", "Idempotency-Replayed"] {
            assert!(reply.header("access-control-expose-headers").split(", ").any(|seen| seen == name), "{name}");
        }
    }
}

#[actix_web::test]
async fn pages_of_other_origins_are_told_nothing() {
    let api = open_to_app(Ports::new());
    let twice = of(APP, preflight(APP, "/api/v1/jobs", "GET")).append_header((header::ORIGIN, "https://evil.example"));
    for request in [
        preflight("https://evil.example", "/api/v1/jobs", "GET"),
        preflight("null", "/api/v1/jobs", "GET"),
        preflight("https://app.example.org.evil.example", "/api/v1/jobs", "GET"),
        preflight("https://app.example.org:8443", "/api/v1/jobs", "GET"),
        preflight("http://app.example.org", "/api/v1/jobs", "GET"),
        twice,
        TestRequest::with_uri("/api/v1/jobs"),
    ] {
        let reply = send(&api, request).await;
        assert!(matches!(reply.status.as_u16(), 401 | 405), "{reply:?}");
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
        assert_eq!(reply.header("vary"), "Origin");
    }
}

#[actix_web::test]
async fn without_the_setting_there_is_no_cors() {
    let api = Ports::new().api();
    for request in [preflight(APP, "/api/v1/jobs", "GET"), of(APP, TestRequest::with_uri("/api/v1/jobs"))] {
        let reply = send(&api, request).await;
        assert!(matches!(reply.status.as_u16(), 401 | 405), "{reply:?}");
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
        assert_eq!(reply.header("vary"), "");
    }
}
