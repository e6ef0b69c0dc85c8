//! The doors that take secrets. Each takes its own kind, and to a secret of another kind it says exactly what it says to one
//! that nobody has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::Answer;
use super::client::{Client, Request};
use super::ledger::text;
use super::people::{Browser, PASSWORD, accept, from_page, invited, person};
use super::service::{Service, on_both_databases};
use super::until::until;

on_both_databases!(to_every_other_door_a_secret_is_unknown, a_secret_that_has_ended_is_unknown_to_every_other_door,);

/// The kinds of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Api,
    Capture,
    Session,
    Invitation,
}

impl Kind {
    /// A secret of the same form that nobody has.
    fn unknown(self) -> String {
        let random = "Zt9-".repeat(11);
        match self {
            Self::Api => format!("stint_{}", &random[..43]),
            Self::Session => format!("stint_session_{}", &random[..43]),
            Self::Invitation => format!("stint_invitation_{}", &random[..43]),
            Self::Capture => "5f0c9a55-3c1d-4e47-9d3c-7a0f6f2f1b11".to_owned(),
        }
    }
}

/// Every way to show a secret, with the kind that is taken there.
pub(super) fn all(api: &Client, secret: &str) -> Vec<(String, Kind, Request)> {
    let (nobody, bearer) = (api.anonymous(), api.with_token(secret));
    let cookie = |request: Request| from_page(request.header("cookie", format!("stint={secret}")));
    let form = |request: Request, text: String| from_page(request.body("application/x-www-form-urlencoded", text));
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let current = "/api/wakatime/v1/users/current";
    let accepted = json!({ "secret": secret, "password": PASSWORD });
    let named = json!({ "name": "Made at a door" });
    let doors = [
        ("bearer", Kind::Api, bearer.get("/api/v1/session")),
        ("bearer, a listing", Kind::Api, bearer.get("/jobs")),
        ("bearer, a change", Kind::Api, bearer.post("/jobs", &named)),
        ("bearer, an account", Kind::Api, bearer.get("/api/v1/me")),
        ("bearer in lower case", Kind::Api, nobody.get("/jobs").header("authorization", format!("bearer {secret}"))),
        ("cookie", Kind::Session, cookie(nobody.get("/api/v1/session"))),
        ("cookie, a listing", Kind::Session, cookie(nobody.get("/jobs"))),
        ("cookie, a change", Kind::Session, cookie(nobody.post("/jobs", &named))),
        ("cookie, the page", Kind::Session, cookie(nobody.get("/sign-in"))),
        ("ping", Kind::Capture, nobody.get(format!("/ping/{secret}"))),
        ("ping, HEAD", Kind::Capture, nobody.head(format!("/ping/{secret}"))),
        ("ping, POST", Kind::Capture, nobody.post(format!("/ping/{secret}"), &json!({}))),
        ("ping with a prefix", Kind::Capture, nobody.get(format!("/ping/waka_{secret}"))),
        ("key in the query", Kind::Capture, nobody.get(format!("{current}?api_key={secret}"))),
        ("key as bearer", Kind::Capture, bearer.get(current)),
        ("key as user", Kind::Capture, nobody.get(current).header("authorization", basic(secret))),
        ("key as password", Kind::Capture, nobody.get(current).header("authorization", basic(&format!(":{secret}")))),
        ("link", Kind::Invitation, from_page(nobody.post("/api/v1/invitations", &accepted))),
        ("link, the form", Kind::Invitation, {
            form(nobody.request("POST", "/welcome"), format!("secret={secret}&password={}", PASSWORD.replace(' ', "+")))
        }),
    ];
    doors.into_iter().map(|(name, kind, request)| (name.to_owned(), kind, request)).collect()
}

/// The answer, but for what differs between two of the same request.
pub(super) fn told(answer: &Answer) -> String {
    let mut answer = answer.clone();
    let id = answer.header("x-request-id").unwrap_or_default().to_owned();
    answer.headers.retain(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    answer.headers.sort();
    answer.to_string().replace(&id, "ID")
}

/// Fails if one of the doors of other kinds tells the secret from one that nobody has.
async fn assert_unknown_elsewhere(api: &Client, kind: Kind, secret: &str) {
    let of_nobody = kind.unknown();
    for ((door, takes, shown), (_, _, unknown)) in all(api, secret).into_iter().zip(all(api, &of_nobody)) {
        if takes == kind {
            continue;
        }
        let (shown, unknown) = (shown.await, unknown.await);
        assert!(!shown.to_string().contains(secret), "{door} shows {kind:?}: {shown}");
        assert_eq!(told(&shown), told(&unknown), "{door} knows {kind:?}");
        // A secret of the door's own form that nobody has gets the same status, too.
        let (_, _, own) = all(api, &takes.unknown()).into_iter().find(|(name, ..)| *name == door).unwrap();
        assert_eq!(shown.status, own.await.status, "{door} for {kind:?}");
    }
}

/// The doors of its own kind at which a secret is not unknown.
async fn open(api: &Client, kind: Kind, secret: &str) -> Vec<String> {
    let (mut open, of_nobody) = (Vec::new(), kind.unknown());
    let doors = all(api, secret).into_iter().zip(all(api, &of_nobody)).filter(|((_, takes, _), _)| *takes == kind);
    for ((door, _, shown), (_, _, unknown)) in doors {
        if told(&shown.await) != told(&unknown.await) {
            open.push(door);
        }
    }
    open
}

/// One secret of each kind.
async fn secrets(service: &Service) -> [(Kind, String); 4] {
    let ada = person(service, "ada", "admin").await;
    let job = service.api.new_job("Research").await;
    let door = ada.post(&format!("/jobs/{job}/capture-tokens"), &json!({ "name": "door" })).await.expect(201).json();
    let token = ada.post("/api/v1/tokens", &json!({ "name": "laptop", "scopes": ["admin"] })).await.expect(201).json();
    [
        (Kind::Api, text(&token, "secret")),
        (Kind::Capture, text(&door, "secret")),
        (Kind::Session, ada.secret().to_owned()),
        (Kind::Invitation, invited(service, "eve", "member")),
    ]
}

async fn to_every_other_door_a_secret_is_unknown(service: Service) {
    let (api, secrets) = (&service.api, secrets(&service).await);
    for (kind, secret) in &secrets {
        assert_unknown_elsewhere(api, *kind, secret).await;
    }
    // None of that used them up: each opens all of its own doors, but a link opens one, once.
    for (kind, secret) in &secrets {
        let all = all(api, secret).iter().filter(|(_, takes, _)| takes == kind).count();
        let expected = if *kind == Kind::Invitation { 1 } else { all };
        assert_eq!(open(api, *kind, secret).await.len(), expected, "{kind:?}");
    }
}

async fn a_secret_that_has_ended_is_unknown_to_every_other_door(service: Service) {
    let (api, secrets) = (&service.api, secrets(&service).await);
    let [_, _, (_, session), (_, link)] = &secrets;
    let eve = Browser::of(&accept(api, link).await.expect(200), api);
    service.run(&["person", "deactivate", "ada"]);
    let ada = |request: Request| from_page(request.header("cookie", format!("stint={session}")));
    until("her session has ended", async || {
        (ada(api.anonymous().get("/api/v1/session")).await.status == 401).then_some(())
    })
    .await;
    for (kind, secret) in &secrets {
        assert_unknown_elsewhere(api, *kind, secret).await;
        // A program is told that its token was revoked; whoever has a link, a cookie or a URL is told nothing.
        let of_program = *kind == Kind::Api;
        until(&format!("{kind:?} has ended"), async || {
            (open(api, *kind, secret).await.is_empty() != of_program).then_some(())
        })
        .await;
    }
    api.with_token(&secrets[0].1).get("/jobs").await.expect_problem(401, "unauthorized");
    eve.get("/api/v1/me").await.expect(200);
}
