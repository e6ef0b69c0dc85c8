//! What each route shows to each kind of token. Every operation of the OpenAPI document except reads without an id has
//! a row, so a new route needs one. A caller that may not read sees only what it has just made.

use serde_json::{Value, json};

use super::answer::Answer;
use super::capture::until_total;
use super::client::{Client, Request};
use super::ledger::{chosen_id, entry, entry_of, id, text};
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

/// The kinds of operations, by what their answers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Shows a resource to callers that may read.
    Shows,
    /// Creates a resource, which its maker sees.
    Makes,
    /// Changes a resource. Callers that may read see it; others get its tag, if it has one.
    Changes { tagged: bool },
    /// Deletes a resource.
    Removes,
    /// Needs no token.
    Open,
    /// Takes a capture token's secret, and shows what this token sent itself.
    Captures,
    /// Takes requests from pages of the service alone.
    OfPages,
    /// Is about the caller itself, whoever it is.
    OfOneself(u16),
    /// Is about one's own account, which a program does not have.
    OfPeople,
    /// Is for admins.
    OfAdmins(u16),
}

struct Caller {
    name: &'static str,
    api: Client,
    reads: bool,
    writes: bool,
}

/// Resources of others in the ledger.
struct Ground {
    job: String,
    entry: String,
    token: String,
    secret: String,
}

impl Ground {
    async fn lay(api: &Client) -> Self {
        let job = api.new_job("hidden job").await;
        let mut work = entry(7);
        work["work_summary"] = json!("hidden work");
        let entry = api.post(format!("/jobs/{job}/time-entries"), &work).await.expect(201).json();
        let token = api.post(format!("/jobs/{job}/capture-tokens"), &json!({ "name": "hidden door" })).await;
        let token = token.expect(201).json();
        Self { job, entry: id(&entry), token: id(&token), secret: text(&token, "secret") }
    }

    /// The URL of somebody's account.
    async fn account(&self, api: &Client) -> String {
        format!("/api/v1/people/{}", id(&api.post("/api/v1/people", &person()).await.expect(201).json()["person"]))
    }

    /// A logged ping of the token.
    async fn ping(&self, api: &Client) -> String {
        let total = api.total(&self.job).await;
        let sent = api.anonymous().get(format!("/ping/{}?minutes=5&summary=hidden", self.secret)).await;
        until_total(api, &self.job, total + 5).await;
        id(&sent.expect(202).json())
    }
}

/// The operation's kind, path and body; `None` if this table has no row for it.
async fn row(operation: &str, api: &Client) -> Option<(Kind, String, Option<Value>)> {
    use Kind::{Captures, Changes, Makes, OfAdmins, OfOneself, OfPages, OfPeople, Open, Removes, Shows};

    let ground = Ground::lay(api).await;
    let Ground { job, entry: logged, token, secret } = &ground;
    let (job_url, entry_url) = (format!("/jobs/{job}"), format!("/time-entries/{logged}"));
    let (entries_url, tokens_url) = (format!("{job_url}/time-entries"), format!("{job_url}/capture-tokens"));
    let door_url = format!("/capture-tokens/{token}");
    let path = operation.split(' ').nth(1).unwrap_or_default().to_owned();
    let (named, heartbeat) = (Some(json!({ "name": "own" })), Some(json!({ "time": 1.0 })));
    Some(match operation {
        "post /api/v1/jobs" => (Makes, "/jobs".to_owned(), named),
        "get /api/v1/jobs/{id}" => (Shows, job_url, None),
        "put /api/v1/jobs/{id}" => (Changes { tagged: true }, job_url, named),
        "patch /api/v1/jobs/{id}" => (Changes { tagged: true }, job_url, Some(json!({}))),
        "delete /api/v1/jobs/{id}" => (Removes, format!("{job_url}?entries=delete"), None),
        "get /api/v1/jobs/{id}/time-entries" => (Shows, entries_url, None),
        "post /api/v1/jobs/{id}/time-entries" => (Makes, entries_url, Some(entry(1))),
        "post /api/v1/time-entries/batch" => {
            let batch = json!({ "mode": "atomic", "items": [entry_of(job, 1)] });
            (Makes, "/time-entries/batch".to_owned(), Some(batch))
        }
        "get /api/v1/time-entries/{id}" => (Shows, entry_url, None),
        "put /api/v1/time-entries/{id}" => (Changes { tagged: true }, entry_url, Some(entry_of(job, 2))),
        "patch /api/v1/time-entries/{id}" => (Changes { tagged: true }, entry_url, Some(json!({}))),
        "delete /api/v1/time-entries/{id}" => (Removes, entry_url, None),
        "get /api/v1/pings/{id}" => (Shows, format!("/pings/{}", ground.ping(api).await), None),
        "delete /api/v1/pings/{id}" => (Removes, format!("/pings/{}", ground.ping(api).await), None),
        "get /api/v1/jobs/{id}/capture-tokens" => (Shows, tokens_url, None),
        "post /api/v1/jobs/{id}/capture-tokens" => (Makes, tokens_url, named),
        "post /api/v1/capture-tokens" => (Makes, "/capture-tokens".to_owned(), named),
        "get /api/v1/capture-tokens/{id}" => (Shows, door_url, None),
        "patch /api/v1/capture-tokens/{id}" => (Changes { tagged: false }, door_url, Some(json!({}))),
        "delete /api/v1/capture-tokens/{id}" => (Removes, door_url, None),
        "get /ping/{token}" => (Captures, format!("/ping/{secret}"), None),
        "post /ping/{token}" => (Captures, format!("/ping/{secret}"), Some(json!({ "summary": "own" }))),
        "post /api/wakatime/v1"
        | "post /api/wakatime/v1/users/current/heartbeats"
        | "post /api/wakatime/v1/users/current/heartbeats.bulk"
        | "post /api/wakatime/v1/plugins/errors" => (Captures, by_key(operation, secret), heartbeat),
        "get /api/wakatime/v1/users/current" | "get /api/wakatime/v1/users/current/statusbar/today" => {
            (Captures, by_key(operation, secret), None)
        }
        "get /api/wakatime/v1/users/current/summaries" => {
            (Captures, format!("{}&start=today&end=today", by_key(operation, secret)), None)
        }
        "post /api/v1/session" => (OfPages, path, Some(json!({ "handle": "hidden", "password": "hidden" }))),
        "post /api/v1/invitations" => {
            (OfPages, path, Some(json!({ "secret": "hidden", "password": "correct horse battery staple" })))
        }
        "get /api/v1/session" => (OfOneself(200), path, None),
        "delete /api/v1/session" => (OfOneself(204), path, None),
        "get /api/v1/me" | "get /api/v1/me/sessions" | "get /api/v1/timer" | "delete /api/v1/timer" => {
            (OfPeople, path, None)
        }
        "patch /api/v1/me" | "patch /api/v1/timer" => (OfPeople, path, Some(json!({}))),
        "put /api/v1/me/password" => {
            let passwords = json!({ "old_password": "x", "new_password": "correct horse battery staple" });
            (OfPeople, path, Some(passwords))
        }
        "post /api/v1/timer/start" => (OfPeople, path, Some(json!({ "related_job": job }))),
        "post /api/v1/timer/stop" => (OfPeople, path, Some(json!({ "id": chosen_id() }))),
        "delete /api/v1/me/sessions/{id}" => (OfPeople, format!("/api/v1/me/sessions/{}", chosen_id()), None),
        "get /api/v1/people" | "get /api/v1/tokens" => (OfAdmins(200), path, None),
        "post /api/v1/people" => (OfAdmins(201), path, Some(person())),
        "get /api/v1/people/{id}" => (OfAdmins(200), ground.account(api).await, None),
        "patch /api/v1/people/{id}" => (OfAdmins(200), ground.account(api).await, Some(json!({}))),
        "post /api/v1/people/{id}/invitation" => {
            (OfAdmins(201), format!("{}/invitation", ground.account(api).await), Some(json!({})))
        }
        "post /api/v1/tokens" => (OfAdmins(201), path, Some(json!({ "name": "own", "scopes": ["read"] }))),
        "delete /api/v1/tokens/{id}" => {
            let token = api.post("/api/v1/tokens", &json!({ "name": "hidden", "scopes": ["read"] })).await;
            (OfAdmins(204), format!("/api/v1/tokens/{}", id(&token.expect(201).json())), None)
        }
        "get /sign-in" | "get /welcome" | "get /forms.css" | "get /welcome.js" => (Open, path, None),
        "post /sign-in" | "post /sign-out" | "post /welcome" => (OfPages, path, None),
        "get /healthz" | "get /readyz" | "get /openapi.json" | "get /docs" => {
            (Open, operation.trim_start_matches("get ").to_owned(), None)
        }
        // What is read without an id, such as a list, is there for every token that may read.
        _ => {
            let list = operation.strip_prefix("get /api/v1").filter(|path| !path.contains('{'))?;
            (Shows, list.to_owned(), None)
        }
    })
}

/// A new person whose name is hidden.
fn person() -> Value {
    let handle = format!("p-{}", chosen_id());
    json!({ "handle": handle, "name": "hidden person", "role": "member" })
}

fn by_key(operation: &str, secret: &str) -> String {
    format!("{}?api_key={secret}", operation.split(' ').nth(1).unwrap())
}

/// The expected status of the operation, which depends only on the caller.
fn expected(kind: Kind, Caller { reads, writes, name, .. }: &Caller) -> &'static [u16] {
    match kind {
        Kind::Open => &[200],
        Kind::Captures => &[200, 201, 202],
        Kind::OfPages => &[403],
        _ if *name == "nobody" => &[401],
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
    let document = api.anonymous().get("/openapi.json").await.expect(200).json();
    for (route, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().map(String::as_str) {
            let get = if method == "head" { "get" } else { method };
            for caller in &callers {
                let operation = format!("{get} {route}");
                let Some((kind, target, body)) = row(&operation, api).await else {
                    panic!("{operation} has no row here: who sees what of it?");
                };
                let request = caller.api.request(&method.to_uppercase(), target);
                let request = body.iter().fold(request, Request::json);
                check(&format!("{method} {route} by {}", caller.name), kind, caller, &request.await);
            }
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
