//! The endpoints of capture tokens against mocked ports.

use serde_json::json;
use stint_domain::Page;
use stint_domain::access::ports::token::{CreateTokenError, Expiry, Revoked, TokenChanges, TokenCursor};
use stint_domain::capture::CaptureRule;

use super::*;
use crate::test::{JOB, Ports, TOKEN, by, capture_secret, job, rule, send, sent, token};

const TOKEN_URL: &str = "/api/v1/capture-tokens/00000000-0000-0000-0000-000000000009";
const OF_JOB: &str = "/api/v1/jobs/00000000-0000-0000-0000-000000000005/capture-tokens";

fn ports() -> Ports {
    let mut ports = Ports::new();
    ports.jobs.expect_find().returning(|id| Ok(Some(job()).filter(|job| job.id == id)));
    ports.tokens.expect_find().returning(|id| Ok(Some(token()).filter(|token| token.id == id)));
    ports
}

#[actix_web::test]
async fn a_created_token_shows_its_secret_once_and_where_to_send_pings() {
    let berlin = || "Europe/Berlin".parse().unwrap();
    for (url, body, target) in [
        (OF_JOB, json!({ "name": "editor", "time_zone": "Europe/Berlin" }), CaptureTarget::Job(job().id)),
        (
            CAPTURE_TOKENS,
            json!({ "name": "editor", "time_zone": "Europe/Berlin", "creates_jobs": true, "expires_at": null }),
            CaptureTarget::Projects { create: true },
        ),
    ] {
        let mut ports = ports();
        ports
            .tokens
            .expect_create()
            .withf(move |token| token.capture == Some(CaptureRule { target, zone: berlin(), ..rule() }))
            .return_once(|_| Ok(()));
        let reply = send(&ports.api(), sent("POST", url, &body)).await;
        let created = reply.json();
        assert_eq!((reply.status.as_u16(), reply.header("cache-control"), reply.header("etag")), (201, "no-store", ""));
        assert_eq!(reply.header("location"), format!("{CAPTURE_TOKENS}/{}", created["id"].as_str().unwrap()));
        let secret = capture_secret('b');
        assert_eq!((&created["secret"], &created["ping_url"]), (&json!(secret), &json!(format!("/ping/{secret}"))));
        assert_eq!((&created["subject"], &created["time_zone"]), (&json!("ada"), &json!("Europe/Berlin")));
        let bound = matches!(target, CaptureTarget::Job(_));
        assert_eq!(created["related_job"], if bound { json!(JOB) } else { json!(null) });
        assert_eq!((&created["creates_jobs"], &created["gap_seconds"]), (&json!(!bound), &json!(900)));
    }
}

#[actix_web::test]
async fn a_caller_whose_token_is_revoked_meanwhile_is_told_so() {
    for url in [CAPTURE_TOKENS, OF_JOB] {
        let mut ports = ports();
        ports.tokens.expect_create().return_once(|token| {
            assert!(token.made_by.is_some());
            Err(CreateTokenError::MakerRevoked(token.made_by.unwrap()))
        });
        let reply = send(&ports.api(), sent("POST", url, json!({ "name": "editor" }))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "unauthorized"));
    }
}

#[actix_web::test]
async fn the_zone_is_utc_and_no_jobs_are_created_unless_told() {
    let mut ports = ports();
    let expected = CaptureRule { target: CaptureTarget::Projects { create: false }, zone: Zone::UTC, ..rule() };
    ports.tokens.expect_create().withf(move |token| token.capture == Some(expected)).return_once(|_| Ok(()));
    assert_eq!(send(&ports.api(), sent("POST", CAPTURE_TOKENS, json!({ "name": "editor" }))).await.status, 201);
}

#[actix_web::test]
async fn every_bad_field_of_a_token_is_told_at_once() {
    let api = ports().api();
    let bad = json!({ "name": "", "time_zone": "Mars", "expires_at": "soon", "creates_jobs": 1, "subject": "eve" });
    let reply = send(&api, sent("POST", CAPTURE_TOKENS, &bad)).await;
    assert_eq!(reply.places(), ["/name", "/time_zone", "/expires_at", "/creates_jobs", "/subject"]);
    let reply = send(&api, sent("POST", OF_JOB, &bad)).await;
    assert_eq!(reply.places(), ["/name", "/time_zone", "/expires_at", "/creates_jobs", "/subject"]);
    let reply =
        send(&api, sent("PATCH", TOKEN_URL, json!({ "name": null, "expires_at": 7, "time_zone": "UTC" }))).await;
    assert_eq!(reply.places(), ["/name", "/expires_at", "/time_zone"]);
    let reply = send(&api, sent("POST", CAPTURE_TOKENS, "{}")).await;
    assert_eq!(reply.json()["detail"], "/name: must be given");
}

#[actix_web::test]
async fn a_key_is_refused_where_the_secret_could_not_be_told_again() {
    let api = ports().api();
    for url in [CAPTURE_TOKENS, OF_JOB] {
        let request = sent("POST", url, json!({ "name": "editor" })).insert_header(("Idempotency-Key", "k"));
        assert_eq!(send(&api, request).await.code(), "malformed-header");
    }
}

#[actix_web::test]
async fn tokens_are_listed_in_pages_without_secrets() {
    let mut ports = ports();
    ports.tokens.expect_list_capturing().returning(|query| {
        let items = vec![token()];
        let next = query.after.is_none().then(|| TokenCursor::from(&items[0]));
        Ok(Page { items: if query.related_job == Some(job().id) { items } else { vec![] }, next })
    });
    let api = ports.api();
    for url in [OF_JOB.to_owned(), format!("{CAPTURE_TOKENS}?related_job={JOB}")] {
        let page = send(&api, by("r", "GET", &url)).await.json();
        assert_eq!((&page["items"][0]["id"], &page["items"][0]["related_job"]), (&json!(TOKEN), &json!(JOB)));
        assert!(page["items"][0]["secret"].is_null());
        let separator = if url.contains('?') { '&' } else { '?' };
        let next = format!("{url}{separator}cursor={}", page["next_cursor"].as_str().unwrap());
        assert!(send(&api, by("r", "GET", &next)).await.json()["next_cursor"].is_null());
        // A cursor of one listing is not valid in the other.
        let elsewhere = format!("{CAPTURE_TOKENS}?cursor={}", page["next_cursor"].as_str().unwrap());
        assert_eq!(send(&api, by("r", "GET", &elsewhere)).await.places(), ["cursor"]);
    }
}

#[actix_web::test]
async fn a_job_that_there_is_not_has_no_tokens() {
    let mut ports = ports();
    ports.tokens.expect_list_capturing().returning(|_| Ok(Page { items: vec![], next: None }));
    let (api, url) = (ports.api(), OF_JOB.replace("05/", "06/"));
    for request in [by("r", "GET", &url), sent("POST", &url, json!({ "name": "editor" }))] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
        assert_eq!(reply.json()["detail"], "there is no job 00000000-0000-0000-0000-000000000006");
    }
}

#[actix_web::test]
async fn one_token_is_read_changed_and_revoked() {
    let mut ports = ports();
    ports.tokens.expect_update().times(2).returning(|command| {
        let TokenChanges { name, expiry } = command.changes;
        let (old, expires_at) = (token(), expiry.and_then(Expiry::moment));
        Ok(Token { name: name.unwrap_or(old.name.clone()), expires_at, ..old })
    });
    ports
        .tokens
        .expect_revoke()
        .times(2)
        .returning(|command| Ok(Revoked { token: Token { revoked_at: Some(command.at), ..token() }, made: 0 }));
    let api = ports.api();
    let reply = send(&api, by("r", "GET", TOKEN_URL)).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["time_zone"]), (200, &json!("Asia/Tokyo")));
    let changes = json!({ "name": "desk", "expires_at": "2027-01-01T00:00:00Z" });
    let changed = send(&api, sent("PATCH", TOKEN_URL, &changes)).await.json();
    assert_eq!((&changed["name"], &changed["expires_at"]), (&json!("desk"), &json!("2027-01-01T00:00:00.000000Z")));
    let changed = send(&api, sent("PATCH", TOKEN_URL, json!({ "expires_at": null }))).await.json();
    assert_eq!((&changed["name"], &changed["expires_at"]), (&json!("laptop"), &json!(null)));
    for _ in 0..2 {
        assert_eq!(send(&api, by("w", "DELETE", TOKEN_URL)).await.status, 204);
    }
}

#[actix_web::test]
async fn a_token_that_there_is_not_is_404_and_its_id_is_not_repeated() {
    let api = ports().api();
    let url = format!("{CAPTURE_TOKENS}/{}", capture_secret('b'));
    for request in [by("r", "GET", &url), sent("PATCH", &url, "{}"), by("w", "DELETE", &url)] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
        assert_eq!(reply.json()["detail"], "there is no token with this id");
    }
}

#[actix_web::test]
async fn looking_needs_read_and_everything_else_write() {
    let api = Ports::new().api();
    for (kind, method, url) in [
        ("w", "GET", CAPTURE_TOKENS),
        ("w", "GET", OF_JOB),
        ("w", "GET", TOKEN_URL),
        ("r", "POST", CAPTURE_TOKENS),
        ("r", "POST", OF_JOB),
        ("r", "PATCH", TOKEN_URL),
        ("r", "DELETE", TOKEN_URL),
    ] {
        assert_eq!(send(&api, by(kind, method, url)).await.code(), "forbidden", "{method} {url}");
    }
}
