//! The ping endpoint against mocked ports.

use actix_web::http::StatusCode;
use serde_json::json;
use stint_domain::BackendErrorKind;
use stint_domain::capture::ports::MockNewProjects;
use stint_domain::capture::{PingProject, PingTarget};
use stint_domain::ledger::{JobName, Minutes};

use super::*;
use crate::test::{JOB, Ports, Reply, TOKEN, TestRequest, at, capture_secret, failure, queue, rule, send};

fn to(kind: char, method: &str, query: &str) -> TestRequest {
    let uri = format!("/ping/{}{query}", capture_secret(kind));
    TestRequest::with_uri(&uri).method(method.parse().unwrap())
}

fn posted(kind: char, body: &serde_json::Value) -> TestRequest {
    to(kind, "POST", "").insert_header(("Content-Type", "application/json")).set_payload(body.to_string())
}

fn told(reply: &Reply) -> (StatusCode, String) {
    (reply.status, reply.json()["id"].as_str().unwrap_or_default().to_owned())
}

#[actix_web::test]
async fn a_ping_needs_a_url_and_nothing_else() {
    let (api, pushed) = queue();
    for method in ["GET", "POST"] {
        let reply = send(&api, to('b', method, "")).await;
        let pushed = pushed.lock().unwrap().pop().unwrap();
        assert_eq!(told(&reply), (StatusCode::ACCEPTED, pushed.id.to_string()));
        assert_eq!((reply.header("cache-control"), reply.header("content-type")), ("no-store", "application/json"));
        assert_eq!((pushed.token.to_string().as_str(), pushed.subject.as_str()), (TOKEN, "ada"));
        assert_eq!((pushed.target, pushed.at, pushed.received_at), (PingTarget::Job(JOB.parse().unwrap()), at(), at()));
        assert_eq!((pushed.minutes, pushed.summary, pushed.zone), (None, None, rule().zone));
    }
}

#[actix_web::test]
async fn an_idempotency_key_is_refused_where_the_pings_own_id_does_its_work() {
    let api = Ports::new().api();
    let reply = send(&api, to('b', "POST", "?id=7").insert_header(("Idempotency-Key", "7"))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "malformed-header"));
    let detail = "Idempotency-Key: is not taken here; a ping's `id` makes its repeats count once";
    assert_eq!(reply.json()["detail"], detail);
}

#[actix_web::test]
async fn a_queue_that_fails_is_not_called_the_database() {
    for (kind, detail) in [
        (BackendErrorKind::Unavailable, "a backend cannot be reached or is busy"),
        (BackendErrorKind::Timeout, "a backend took too long; a write may have happened all the same"),
    ] {
        let mut ports = Ports::new();
        ports.queue.expect_push().return_once(move |_| Err(failure(kind)));
        let reply = send(&ports.api(), to('b', "GET", "")).await;
        assert_eq!((reply.status.as_u16(), reply.json()["detail"].as_str().unwrap()), (503, detail));
    }
}

#[actix_web::test]
async fn the_prefix_of_the_editor_plugins_is_taken() {
    let (api, pushed) = queue();
    let uri = format!("/ping/waka_{}", capture_secret('b'));
    assert_eq!(send(&api, TestRequest::with_uri(&uri)).await.status, 202);
    assert_eq!(pushed.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn everything_may_be_said_in_the_query_or_in_the_body_or_partly_in_each() {
    let (api, pushed) = queue();
    let moment = "2023-11-14T22:00:00Z";
    let query = format!("?minutes=30&summary=read%20papers&at={moment}&project=Reading&id=r+1");
    let all = json!({ "minutes": 30, "summary": "read papers", "at": moment, "project": "Reading", "id": "r 1" });
    let mixed = to('c', "POST", "?at=1699999200&id=r+1&project=Reading")
        .insert_header(("Content-Type", "application/json; charset=utf-8"))
        .set_payload(r#"{"minutes": 30, "summary": "read papers"}"#);
    for request in [to('c', "GET", &query), to('c', "POST", &query), posted('c', &all), mixed] {
        let reply = send(&api, request).await;
        let ping = pushed.lock().unwrap().pop().unwrap();
        assert_eq!(reply.status, 202, "{:?}", reply.json());
        let project =
            PingTarget::Project { project: PingProject::Named(JobName::new("Reading").unwrap()), create: true };
        assert_eq!((ping.target, ping.minutes), (project, Some(Minutes::new(30).unwrap())));
        assert_eq!(ping.summary.unwrap().as_str(), "read papers");
        assert_eq!((ping.at.to_string().as_str(), ping.received_at), ("2023-11-14T22:00:00.000000Z", at()));
        assert_eq!(ping.id, PingId::named(TOKEN.parse().unwrap(), "r 1"));
    }
}

#[actix_web::test]
async fn null_and_an_empty_summary_say_nothing() {
    let (api, pushed) = queue();
    let nothing = json!({ "minutes": null, "summary": "", "at": null, "project": null, "id": null });
    assert_eq!(send(&api, posted('b', &nothing)).await.status, 202);
    let ping = pushed.lock().unwrap().pop().unwrap();
    assert_eq!((ping.minutes, ping.summary, ping.at), (None, None, at()));
}

#[actix_web::test]
async fn a_name_makes_the_same_ping_each_time() {
    let (api, _) = queue();
    let first = told(&send(&api, to('b', "GET", "?id=meeting")).await);
    assert_eq!(told(&send(&api, posted('b', &json!({ "id": "meeting" }))).await), first);
    assert_ne!(told(&send(&api, to('b', "GET", "?id=other")).await), first);
    assert_ne!(told(&send(&api, to('b', "GET", "")).await), told(&send(&api, to('b', "GET", "")).await));
}

#[actix_web::test]
async fn head_is_answered_as_get_is_and_records_nothing() {
    let api = Ports::new().api();
    let reply = send(&api, to('b', "HEAD", "?minutes=5")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (202, "application/json"));
    assert_eq!(send(&api, to('b', "HEAD", "?minutes=0")).await.status, 422);
    assert_eq!(send(&api, to('x', "HEAD", "")).await.status, 404);
}

/// A new project of a token that has reached today's limit of new jobs. HEAD makes no job.
#[actix_web::test]
async fn one_new_project_too_many_is_429_until_the_tokens_next_day() {
    let mut ports = Ports::new();
    let mut new_projects = MockNewProjects::new();
    new_projects.expect_admit().times(2).returning(|command| {
        assert_eq!((command.token, command.most), (TOKEN.parse().unwrap(), 200));
        Ok(vec![false; command.projects.len()])
    });
    ports.new_projects = Some(new_projects);
    ports.queue.expect_push().times(2).returning(|_| Ok(()));
    let api = ports.api();
    for request in [to('c', "GET", "?project=stint"), posted('c', &json!({ "project": "stint" }))] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "too-many-new-jobs"));
        // It is a quarter past seven in the morning in the token's zone.
        assert_eq!(reply.header("retry-after"), "60400");
        assert!(reply.json()["detail"].as_str().unwrap().starts_with("the project `stint` stands for no job"));
    }
    assert_eq!(send(&api, to('c', "HEAD", "?project=stint")).await.status, 202);
    // These tokens make no jobs, whatever they name.
    for kind in ['n', 'b'] {
        assert_eq!(send(&api, to(kind, "GET", "?project=stint")).await.status, 202);
    }
}

#[actix_web::test]
async fn accept_chooses_the_form_of_the_answer() {
    let (api, pushed) = queue();
    for (accept, media_type) in [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("image/*", "image/gif"),
        ("image/gif, */*;q=0.1", "image/gif"),
    ] {
        for method in ["GET", "POST"] {
            let reply = send(&api, to('b', method, "").insert_header(("Accept", accept))).await;
            let id = pushed.lock().unwrap().pop().unwrap().id;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (202, media_type), "{accept}");
            match media_type {
                "image/gif" => assert!(reply.body.starts_with(b"GIF89a")),
                "application/json" => assert_eq!(reply.json(), json!({ "id": id.to_string() })),
                _ => assert_eq!(reply.body, format!("{id}\n")),
            }
        }
    }
}

#[actix_web::test]
async fn unknown_revoked_and_malformed_secrets_get_the_same_answer() {
    let api = Ports::new().api();
    let (unknown, revoked) = (capture_secret('x'), capture_secret('o'));
    let (upper, other) = (capture_secret('b').to_uppercase(), crate::test::secret("a"));
    let mut bodies = Vec::new();
    for secret in [&unknown, &revoked, &upper, &other, "x", "waka_", "%00", &format!("waka_{revoked}")] {
        for method in ["GET", "POST"] {
            // Another error makes no difference.
            let uri = format!("/ping/{secret}?minutes=0");
            let request = TestRequest::with_uri(&uri).method(method.parse().unwrap());
            let reply = send(&api, request.insert_header(("X-Request-Id", "same")).set_payload("not read")).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"), "{secret}");
            assert_eq!(reply.header("cache-control"), "no-store");
            bodies.push(reply.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[actix_web::test]
async fn every_bad_part_is_told_at_once() {
    let api = Ports::new().api();
    let bad = "?minutes=%2B5&summary=%00&at=soon&project=&id=&colour=red";
    for method in ["GET", "POST"] {
        let reply = send(&api, to('c', method, bad)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation-failed"));
        assert_eq!(reply.places(), ["colour", "minutes", "summary", "at", "project", "id"]);
    }
    let bad = json!({ "minutes": "5", "summary": 7, "at": true, "project": "", "id": "", "colour": "red" });
    let reply = send(&api, posted('c', &bad)).await;
    assert_eq!(reply.places(), ["/minutes", "/summary", "/at", "/project", "/id", "/colour"]);
    let mixed = to('c', "POST", "?minutes=5&at=soon&project=p").insert_header(("Content-Type", "application/json"));
    let reply = send(&api, mixed.set_payload(r#"{"minutes": 6, "project": "p"}"#)).await;
    assert_eq!(reply.places(), ["at", "/minutes", "/project"]);
    let reply = send(&api, posted('n', &json!({ "minutes": 0, "project": "p" }))).await;
    assert_eq!(reply.places(), ["/minutes"], "what is good is not missing because something else is bad");
    let reply = send(&api, posted('n', &json!({ "minutes": 0 }))).await;
    assert_eq!(reply.places(), ["/minutes", "project"]);
    let reply = send(&api, posted('b', &json!([1]))).await;
    assert_eq!(reply.json()["detail"], "the body must be an object, got an array");
}

#[actix_web::test]
async fn a_moment_is_not_too_old_and_not_in_the_future() {
    let api = Ports::new().api();
    for (moment, detail) in [
        ("2023-10-31T22:13:19Z", "too old: must not be before 2023-10-31T22:13:20.000000Z"),
        ("2023-11-14T23:13:21Z", "in the future: must not be after 2023-11-14T23:13:20.000000Z"),
        ("1700000000000", "must be a moment"),
    ] {
        let by_query = send(&api, to('b', "GET", &format!("?at={moment}&minutes=0"))).await;
        assert_eq!(by_query.places(), ["minutes", "at"]);
        let by_body = send(&api, posted('b', &json!({ "at": moment }))).await;
        assert_eq!(by_body.places(), ["/at"]);
        for reply in [by_query, by_body] {
            let errors = reply.json()["errors"].to_string();
            assert!(errors.contains(detail) && errors.contains(&format!("`{moment}`")), "{errors}");
        }
    }
}

#[actix_web::test]
async fn a_token_without_a_job_needs_a_project() {
    let api = Ports::new().api();
    for kind in ['n', 'c'] {
        let reply = send(&api, to(kind, "GET", "?minutes=0")).await;
        assert_eq!(reply.places(), ["minutes", "project"]);
    }
    let (api, pushed) = queue();
    assert_eq!(send(&api, to('b', "GET", "?project=Reading")).await.status, 202);
    assert_eq!(pushed.lock().unwrap()[0].target, PingTarget::Job(JOB.parse().unwrap()));
}

#[actix_web::test]
async fn bodies_are_json_and_small() {
    let api = Ports::new().api();
    let large = format!(r#"{{"summary": "{}"}}"#, "s".repeat(64 << 10));
    for (media_type, body, status) in [
        ("text/plain", "{}", 415),
        ("application/x-www-form-urlencoded", "minutes=5", 415),
        ("application/json", "{", 400),
        ("application/json", r#"{"id": "a", "id": "b"}"#, 400),
        ("application/json", &large, 413),
    ] {
        let request = to('b', "POST", "").insert_header(("Content-Type", media_type));
        assert_eq!(send(&api, request.set_payload(body.to_owned())).await.status, status, "{media_type} {body:.20}");
    }
}

#[actix_web::test]
async fn a_queue_or_a_look_up_that_fails_is_503_and_says_when_to_try_again() {
    let mut ports = Ports::new();
    ports.queue.expect_push().returning(|_| Err(failure(BackendErrorKind::Unavailable)));
    let api = ports.api();
    for kind in ['b', 'f'] {
        for method in ["GET", "POST"] {
            let reply = send(&api, to(kind, method, "")).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"));
            assert_eq!(reply.header("retry-after"), "1");
        }
    }
}
