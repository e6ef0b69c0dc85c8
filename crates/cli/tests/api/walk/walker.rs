//! One of the people who walk.

use serde_json::json;

use crate::api::client::Client;
use crate::api::ledger::text;
use crate::api::operations::ground::Owner;
use crate::api::people::{Browser, PASSWORD, person, sign_in};
use crate::api::service::Service;

pub(super) struct Walker {
    pub(super) handle: String,
    pub(super) role: &'static str,
    pub(super) browser: Browser,
    /// The same person with a token, which lays the ground, too.
    pub(super) owner: Owner,
}

impl Walker {
    /// Somebody with a mark in the handle, the name and the address, and later in all that they make.
    pub(super) async fn begin(service: &Service, name: &str, role: &'static str, mark: &str) -> Self {
        let handle = format!("{name}-of-the-{mark}s");
        let browser = person(service, &handle, role).await;
        let owner = Owner::person(&service.api, &handle, scopes(role)[0], mark);
        let mut walker = Self { handle, role, browser, owner };
        let private = walker.private();
        let settings = json!({ "name": format!("{private} {name}"), "email": format!("{private}@example.org") });
        walker.browser.sends(walker.browser.client.patch("/api/v1/me", &settings)).await.expect(200);
        walker.sign_in_again(&service.api).await;
        walker
    }

    /// With a new session and a new token: what is known of them is what holds now.
    pub(super) async fn sign_in_again(&mut self, api: &Client) {
        self.browser = Browser::of(&sign_in(api, &self.handle, PASSWORD).await.expect(200), api);
        let named = json!({ "name": format!("{} walk", self.private()), "scopes": scopes(self.role) });
        let token = self.browser.post("/api/v1/tokens", &named).await.expect(201).json();
        self.owner.client = api.with_token(text(&token, "secret"));
        self.owner.scope = scopes(self.role)[0];
    }

    /// A mark in the person's settings, which admins alone see.
    pub(super) fn private(&self) -> String {
        format!("{}-private", self.owner.mark)
    }
}

fn scopes(role: &str) -> &'static [&'static str] {
    match role {
        "viewer" => &["read"],
        "member" => &["own"],
        "manager" => &["read", "write"],
        _ => &["admin"],
    }
}
