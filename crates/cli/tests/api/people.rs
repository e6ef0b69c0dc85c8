//! People: links, passwords, sessions, roles, and what ends them. Here are the steps that their tests share.

mod forms;
mod input;
mod links;
mod passwords;
mod roles;
mod sessions;
mod tokens;

use serde_json::{Value, json};

use super::answer::Answer;
use super::client::{Client, Request};
use super::ledger::{id, text};
use super::service::Service;

pub(super) const PASSWORD: &str = "correct horse battery staple";

/// A person's browser: it sends its cookie, and requests that come from a page of the service.
pub(super) struct Browser {
    pub(super) client: Client,
    pub(super) cookie: String,
}

impl Browser {
    pub(super) fn of(answer: &Answer, client: &Client) -> Self {
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer}"));
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        Self { client: client.anonymous(), cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    pub(super) fn sends(&self, request: Request) -> Request {
        from_page(request.header("cookie", self.cookie.as_str()))
    }

    pub(super) fn get(&self, target: &str) -> Request {
        self.sends(self.client.get(target))
    }

    pub(super) fn post(&self, target: &str, body: &Value) -> Request {
        self.sends(self.client.post(target, body))
    }

    fn put(&self, target: &str, body: &Value) -> Request {
        self.sends(self.client.put(target, body))
    }

    fn patch(&self, target: &str, body: &Value) -> Request {
        self.sends(self.client.patch(target, body))
    }

    pub(super) fn secret(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }

    /// The secret of a new token that the person makes.
    pub(super) async fn new_token(&self, scopes: &[&str]) -> String {
        let named = json!({ "name": "laptop", "scopes": scopes });
        text(&self.post("/api/v1/tokens", &named).await.expect(201).json(), "secret")
    }
}

/// As a browser sends it from a page of the service.
pub(super) fn from_page(request: Request) -> Request {
    request.header("sec-fetch-site", "same-origin")
}

/// The secret of a link that the command line prints.
pub(super) fn secret_of(link: &str) -> String {
    let secret = link.trim_end().split_once("/welcome#").unwrap_or_else(|| panic!("no link: {link}")).1;
    assert!(secret.starts_with("stint_invitation_"), "{link}");
    secret.to_owned()
}

pub(super) fn invited(service: &Service, handle: &str, role: &str) -> String {
    secret_of(&service.run(&["person", "create", "--handle", handle, "--role", role]))
}

pub(super) async fn accept(client: &Client, secret: &str) -> Answer {
    accept_with(client, secret, PASSWORD).await
}

async fn accept_with(client: &Client, secret: &str, password: &str) -> Answer {
    from_page(client.anonymous().post("/api/v1/invitations", &json!({ "secret": secret, "password": password }))).await
}

/// A new person who has signed in.
pub(super) async fn person(service: &Service, handle: &str, role: &str) -> Browser {
    let secret = invited(service, handle, role);
    Browser::of(&accept(&service.api, &secret).await.expect(200), &service.api)
}

pub(super) fn sign_in(client: &Client, handle: &str, password: &str) -> Request {
    from_page(client.anonymous().post("/api/v1/session", &json!({ "handle": handle, "password": password })))
}

pub(super) async fn id_of(api: &Client, handle: &str) -> String {
    let people = api.get("/api/v1/people?limit=200").await.expect(200).json();
    id(people["items"].as_array().unwrap().iter().find(|person| person["handle"] == handle).unwrap())
}
