//! What each route shows to each kind of token. A caller that may not read sees only what it has just made. What each caller
//! may do is shown by [`super::matrix`].

use serde_json::json;

use super::answer::Answer;
use super::capture::until_total;
use super::client::Client;
use super::ledger::{chosen_id, entry, entry_of, id, text};
use super::operations::ground::{Ground, Owner};
use super::operations::{self, Kind};
use super::service::{Service, on_both_databases};
use super::streams::{now, zone_at_noon};

on_both_databases!(
    every_route_shows_each_token_what_its_scopes_allow,
    a_put_that_creates_shows_what_it_made_and_one_that_replaces_does_not,
    a_repeat_shows_its_sender_the_first_answer_again,
    no_problem_names_what_the_caller_may_not_read,
    a_plugin_is_told_what_the_jobs_of_its_own_pings_are_called_now_and_no_others,
);

/// A mark in everything that a caller without `read` must not see.
const HIDDEN: &str = "hidden";

struct Caller {
    name: &'static str,
    api: Client,
    reads: bool,
    writes: bool,
}

/// The expected status of the operation, which depends only on the caller.
fn expected(kind: Kind, Caller { reads, writes, name, .. }: &Caller) -> &'static [u16] {
    match kind {
        Kind::Open => &[200],
        Kind::Captures => &[200, 201, 202],
        Kind::OfPages => &[403],
        Kind::OfProvider => &[404],
        // The secret of a capture token is unknown elsewhere.
        _ if ["nobody", "capture"].contains(name) => &[401],
        Kind::OfOneself(200) => &[200],
        Kind::OfOneself(_) => &[204],
        Kind::OfAdmins(200) if *name == "admin" => &[200],
        Kind::OfAdmins(201) if *name == "admin" => &[201],
        Kind::OfAdmins(_) if *name == "admin" => &[204],
        Kind::Shows if *reads => &[200],
        Kind::Makes if *writes => &[201],
        Kind::Changes { .. } if *writes && *reads => &[200],
        Kind::Changes { .. } | Kind::Removes if *writes => &[204],
        _ => &[403],
    }
}

/// One caller for each set of scopes.
async fn callers(service: &Service) -> Vec<Caller> {
    let api = &service.api;
    let token = api.post("/capture-tokens", &json!({ "name": "sender" })).await.expect(201).json();
    let sender = api.with_token(text(&token, "secret"));
    let caller = |name, api, reads, writes| Caller { name, api, reads, writes };
    let mut callers = vec![caller("nobody", api.anonymous(), false, false), caller("capture", sender, false, false)];
    for (scopes, reads, writes) in
        [("read", true, false), ("write", false, true), ("read,write", true, true), ("admin", true, true)]
    {
        callers.push(caller(scopes, api.with_token(service.new_token(scopes, scopes)), reads, writes));
    }
    callers
}

async fn every_route_shows_each_token_what_its_scopes_allow(service: Service) {
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    let (api, callers) = (&service.api, callers(&service).await);
    let others = Owner::program(api, "read", HIDDEN);
    for operation in operations::all(api).await {
        for caller in &callers {
            let (kind, path, body) = operation.row(&Ground::new(api, &others, "read")).await;
            let what = format!("{} {} by {}", operation.method, operation.route, caller.name);
            check(&what, kind, caller, &operation.request(&caller.api, &path, body.as_ref()).await);
        }
    }
}

#[track_caller]
fn check(what: &str, kind: Kind, caller: &Caller, answer: &Answer) {
    assert!(expected(kind, caller).contains(&answer.status), "{what}: {answer}");
    if answer.status == 204 {
        let tagged = kind == Kind::Changes { tagged: true };
        assert_eq!((answer.text(), answer.header("etag").is_some()), ("", tagged), "{what}: {answer}");
    }
    if !caller.reads && kind != Kind::Open {
        assert!(!answer.to_string().contains(HIDDEN), "{what}: {answer}");
    }
}

async fn a_put_that_creates_shows_what_it_made_and_one_that_replaces_does_not(service: Service) {
    let api = &service.api;
    let writer = api.with_token(service.new_token("write", "writer"));
    let job = api.new_job("hidden job").await;
    for (target, body) in [
        (format!("/jobs/{}", chosen_id()), json!({ "name": "own" })),
        (format!("/time-entries/{}", chosen_id()), entry_of(&job, 3)),
    ] {
        let created = writer.put(&target, &body).await.expect(201);
        assert_eq!(api.get(&target).await.expect(200).text(), created.text());
        let replaced = writer.put(&target, &body).await.expect(204);
        assert_eq!((replaced.text(), replaced.etag()), ("", api.get(&target).await.etag()));
        // The tag works for the next change.
        writer.patch(&target, &json!({})).header("if-match", replaced.etag()).await.expect(204);
        writer.put(&target, &body).header("if-none-match", "*").await.expect_problem(412, "precondition-failed");
    }
}

async fn a_repeat_shows_its_sender_the_first_answer_again(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let (writer, other) =
        (api.with_token(service.new_token("write", "writer")), api.with_token(service.new_token("write", "other")));
    let log = |consumer: &Client| {
        consumer.post(format!("/jobs/{job}/time-entries"), &entry(3)).header("idempotency-key", "the same")
    };
    let first = log(&writer).await.expect(201);
    let own = format!("/time-entries/{}", id(&first.json()));
    api.patch(&own, &json!({ "work_summary": "hidden since" })).await.expect(200);
    let repeat = log(&writer).await.expect(201);
    assert_eq!((repeat.text(), repeat.header("idempotency-replayed")), (first.text(), Some("true")));
    // Two tokens can use the same key independently.
    assert_ne!(id(&log(&other).await.expect(201).json()), id(&first.json()));
}

async fn no_problem_names_what_the_caller_may_not_read(service: Service) {
    let api = &service.api;
    let (job, open) = (api.new_job("hidden job").await, api.new_job("Research").await);
    let logged = format!("/time-entries/{}", id(&api.log(&job, 5).await));
    api.patch(format!("/jobs/{job}"), &json!({ "status": "archived" })).await.expect(200);
    let writer = api.with_token(service.new_token("write", "writer"));
    for (sees, consumer) in [(false, &writer), (true, api)] {
        for request in
            [consumer.patch(&logged, &json!({})), consumer.put(&logged, &entry_of(&open, 5)), consumer.delete(&logged)]
        {
            let answer = request.await;
            assert_eq!(answer.to_string().contains(&job), sees, "{answer}");
            answer.expect_problem(409, "job-archived");
        }
    }
    // Ids that the request names may be in the answer.
    let answer = writer.post(format!("/jobs/{job}/time-entries"), &entry(1)).await;
    assert!(text(&answer.expect_problem(409, "job-archived"), "detail").contains(&job));
}

/// The one exception, which docs/api.md describes.
async fn a_plugin_is_told_what_the_jobs_of_its_own_pings_are_called_now_and_no_others(service: Service) {
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    let (api, anonymous, mut secrets) = (&service.api, service.api.anonymous(), Vec::new());
    for name in ["then", "hidden job"] {
        let job = api.new_job(name).await;
        let token = json!({ "name": name, "time_zone": zone_at_noon() });
        let token = api.post(format!("/jobs/{job}/capture-tokens"), &token).await.expect(201).json();
        for ago in [1_200, 600] {
            anonymous.get(format!("{}?at={}", text(&token, "ping_url"), now() - ago)).await.expect(202);
        }
        until_total(api, &job, 10).await;
        if name == "then" {
            api.patch(format!("/jobs/{job}"), &json!({ "name": "now" })).await.expect(200);
        }
        secrets.push(text(&token, "secret"));
    }
    for (what, day) in [("statusbar/today", "/data"), ("summaries", "/data/0")] {
        let target = format!("/api/wakatime/v1/users/current/{what}?api_key={}", secrets[0]);
        let answer = anonymous.get(target).await.expect(200);
        let body = answer.json();
        let projects = body.pointer(day).unwrap()["projects"].as_array().unwrap();
        assert_eq!(projects.iter().map(|project| text(project, "name")).collect::<Vec<_>>(), ["now"], "{answer}");
        assert!(!answer.to_string().contains(HIDDEN), "{answer}");
    }
}
