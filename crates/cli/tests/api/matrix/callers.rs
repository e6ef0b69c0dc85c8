//! The callers: programs with a token, and browsers with a session.

use std::cell::RefCell;

use serde_json::json;

use crate::api::answer::Answer;
use crate::api::client::{Client, Request};
use crate::api::ledger::text;
use crate::api::operations::ground::{Owner, Used};
use crate::api::people::{Browser, PASSWORD, from_page, person, sign_in};
use crate::api::service::Service;
use crate::api::until::until;

/// Somebody who sends requests.
pub(super) struct Caller {
    /// The head of its column.
    pub(super) head: &'static str,
    /// A scope that it has, if it has one.
    pub(super) scope: &'static str,
    client: Client,
    /// Whether its requests come from a page of the service.
    in_browser: bool,
    cookie: RefCell<Option<String>>,
    /// The caller, as far as something can be its own.
    owner: Option<Owner>,
    /// Whether it sees only its own entries, pings and capture tokens.
    owns_time: bool,
}

impl Caller {
    fn program(head: &'static str, client: Client, scope: &'static str) -> Self {
        let (in_browser, cookie) = (false, RefCell::default());
        Self { head, scope, client, in_browser, cookie, owner: None, owns_time: false }
    }

    fn browser(head: &'static str, client: &Client, cookie: Option<String>) -> Self {
        let caller = Self::program(head, client.anonymous(), "read");
        Self { in_browser: true, cookie: RefCell::new(cookie), ..caller }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The request, as the caller sends it.
    pub(super) fn sends(&self, request: Request) -> Request {
        let request = match &*self.cookie.borrow() {
            Some(cookie) => request.header("cookie", cookie.as_str()),
            None => request,
        };
        if self.in_browser { from_page(request) } else { request }
    }

    /// Signs in again if the answer ended the session of somebody who has signed in.
    pub(super) async fn stays_signed_in(&self, api: &Client, answer: &Answer) {
        let handle = self.owner.as_ref().and_then(|owner| owner.handle.as_deref());
        let has_ended = answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0"));
        if let Some(handle) = handle.filter(|_| has_ended) {
            let again = sign_in(api, handle, PASSWORD).await.expect(200);
            self.cookie.replace(Some(Browser::of(&again, api).cookie));
        }
    }

    /// Stops doing what the last request began.
    pub(super) async fn rests(&self) {
        if let Some(owner) = &self.owner {
            owner.client.delete("/api/v1/timer").await;
        }
    }

    /// The caller as the owner of what an operation is about, if the answer depends on that.
    pub(super) fn owner(&self, used: Used) -> Option<&Owner> {
        let is_person = |owner: &&Owner| owner.handle.is_some();
        self.owner.as_ref().filter(|owner| used.time && self.owns_time || used.account && is_person(owner))
    }
}

/// Those who send a token in `Authorization`, or nothing.
pub(super) async fn programs(service: &Service) -> Vec<Caller> {
    let api = &service.api;
    let door = api.post("/capture-tokens", &json!({ "name": "sender" })).await.expect(201).json();
    let of = |scopes: &str| api.with_token(service.new_token(scopes, scopes));
    let own = Caller::program("own", of("own"), "own");
    let owner = Some(Owner::program(&own.client, "own", "own"));
    let (gone, expired) = (person(service, "gone", "admin").await, service.new_expiring_token("admin", "late", "1s"));
    let gone = api.with_token(gone.new_token(&["admin"]).await);
    service.run(&["person", "deactivate", "gone"]);
    let callers = vec![
        Caller::program("nobody", api.anonymous(), "read"),
        Caller::program("capture", api.with_token(text(&door, "secret")), "read"),
        Caller { owner, owns_time: true, ..own },
        Caller::program("read", of("read"), "read"),
        Caller::program("write", of("write"), "write"),
        Caller::program("read, write", of("read,write"), "read"),
        Caller::program("admin", of("admin"), "read"),
        Caller::program("deactivated", gone, "read"),
        Caller::program("expired", api.with_token(expired), "read"),
    ];
    until_unknown(&callers).await;
    callers
}

/// People who send a token of their own in `Authorization`.
pub(super) async fn people(service: &Service) -> Vec<Caller> {
    let mut callers = Vec::new();
    let tokens: [(_, _, &[&str]); 5] = [
        ("viewer's read", "viewer", &["read"]),
        ("member's own", "member", &["own"]),
        ("manager's write", "manager", &["write"]),
        ("manager's read, write", "manager", &["read", "write"]),
        ("admin's admin", "admin", &["admin"]),
    ];
    for (head, role, scopes) in tokens {
        let handle = format!("{role}-with-{}", scopes.join("-"));
        let browser = person(service, &handle, role).await;
        let client = service.api.with_token(browser.new_token(scopes).await);
        let owner = Some(Owner::person(&client, &handle, scopes[0], "own"));
        callers.push(Caller { owner, owns_time: role == "member", ..Caller::program(head, client, scopes[0]) });
    }
    callers
}

/// Those who send requests from a page of the service, with the cookie of a session or without one.
pub(super) async fn browsers(service: &Service) -> Vec<Caller> {
    let api = &service.api;
    let mut callers = vec![Caller::browser("nobody", api, None)];
    let roles: [(_, &[&str]); 4] =
        [("viewer", &["read"]), ("member", &["own"]), ("manager", &["read", "write"]), ("admin", &["admin"])];
    for (role, scopes) in roles {
        // Programs have the names of scopes.
        let handle = format!("a-{role}");
        let browser = person(service, &handle, role).await;
        let client = api.with_token(browser.new_token(scopes).await);
        let scope = scopes[0];
        let owner = Some(Owner::person(&client, &handle, scope, "own"));
        let caller = Caller::browser(role, api, Some(browser.cookie));
        callers.push(Caller { owner, scope, owns_time: role == "member", ..caller });
    }
    let (left, late) = (person(service, "left", "admin").await, person(service, "slow", "admin").await);
    service.run(&["person", "deactivate", "left"]);
    let sessions = "person_id = (SELECT id FROM people WHERE handle = 'slow')";
    service.database().execute(&format!("UPDATE tokens SET expires_at = created_at WHERE {sessions}"));
    callers.push(Caller::browser("deactivated", api, Some(left.cookie)));
    callers.push(Caller::browser("expired", api, Some(late.cookie)));
    until_unknown(&callers).await;
    callers
}

/// Waits until whoever is deactivated or expired is so here, too.
async fn until_unknown(callers: &[Caller]) {
    for caller in callers.iter().filter(|caller| ["deactivated", "expired"].contains(&caller.head)) {
        let ask = async || (caller.sends(caller.client.get("/api/v1/session")).await.status == 401).then_some(());
        until("nothing of theirs is valid", ask).await;
    }
}
