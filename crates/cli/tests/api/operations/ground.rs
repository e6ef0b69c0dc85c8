//! What operations need in the ledger: a job, and an owner's entries, pings, sessions and tokens.

use std::cell::{Cell, RefCell};

use serde_json::{Value, json};

use crate::api::capture::until_total;
use crate::api::client::Client;
use crate::api::ledger::{chosen_id, entry, id, text};
use crate::api::people::{PASSWORD, accept, sign_in};

/// Whose entries, pings, sessions and tokens are on the ground.
pub(in crate::api) struct Owner {
    pub(in crate::api) client: Client,
    /// The handle of a person, who has [`PASSWORD`]; `None` for a program.
    pub(in crate::api) handle: Option<String>,
    /// A scope that the owner has.
    pub(in crate::api) scope: &'static str,
    /// A word in everything of the owner.
    pub(in crate::api) mark: String,
    /// The ids and secrets of what the owner has made on the ground.
    pub(in crate::api) made: RefCell<Vec<String>>,
}

impl Owner {
    pub(in crate::api) fn program(client: &Client, scope: &'static str, mark: &str) -> Self {
        Self { client: client.clone(), handle: None, scope, mark: mark.to_owned(), made: RefCell::default() }
    }

    pub(in crate::api) fn person(client: &Client, handle: &str, scope: &'static str, mark: &str) -> Self {
        Self { handle: Some(handle.to_owned()), ..Self::program(client, scope, mark) }
    }

    fn remember(&self, made: &str) {
        self.made.borrow_mut().push(made.to_owned());
    }
}

/// What a row depends on besides the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::api) struct Used {
    /// Whose entries, pings and capture tokens they are.
    pub(in crate::api) time: bool,
    /// Whose sessions, tokens and timer they are.
    pub(in crate::api) account: bool,
    /// Which scope the caller has.
    pub(in crate::api) scope: bool,
}

/// Lays the ground for one request.
pub(in crate::api) struct Ground<'a> {
    /// May do everything.
    api: &'a Client,
    pub(in crate::api) owner: &'a Owner,
    /// A scope that the caller of the operation may have.
    scope: &'static str,
    used: Cell<Used>,
}

impl<'a> Ground<'a> {
    pub(in crate::api) fn new(api: &'a Client, owner: &'a Owner, scope: &'static str) -> Self {
        Self { api, owner, scope, used: Cell::default() }
    }

    /// What the rows on this ground have used so far.
    pub(in crate::api) fn used(&self) -> Used {
        self.used.get()
    }

    /// A new job's id.
    pub(super) async fn job(&self) -> String {
        self.api.new_job("hidden job").await
    }

    /// A new entry's id.
    pub(super) async fn entry_of(&self, job: &str) -> String {
        self.used.set(Used { time: true, ..self.used() });
        let mut work = entry(7);
        work["work_summary"] = json!(format!("{} work", self.owner.mark));
        let logged = self.owner.client.post(format!("/jobs/{job}/time-entries"), &work).await;
        let id = id(&logged.expect(201).json());
        self.owner.remember(&id);
        id
    }

    /// A new capture token of the job.
    pub(super) async fn door_of(&self, job: &str) -> Value {
        self.used.set(Used { time: true, ..self.used() });
        let named = json!({ "name": format!("{} door", self.owner.mark) });
        let made = self.owner.client.post(format!("/jobs/{job}/capture-tokens"), &named).await.expect(201).json();
        self.owner.remember(&id(&made));
        self.owner.remember(&text(&made, "secret"));
        made
    }

    pub(super) async fn door_url(&self) -> String {
        format!("/capture-tokens/{}", id(&self.door_of(&self.job().await).await))
    }

    pub(super) async fn door_secret(&self) -> String {
        text(&self.door_of(&self.job().await).await, "secret")
    }

    /// The id of a logged ping.
    pub(in crate::api) async fn ping(&self) -> String {
        let job = self.job().await;
        let secret = text(&self.door_of(&job).await, "secret");
        let ping = format!("/ping/{secret}?minutes=5&summary={}", self.owner.mark);
        let sent = id(&self.api.anonymous().get(ping).await.expect(202).json());
        until_total(self.api, &job, 5).await;
        self.owner.remember(&sent);
        sent
    }

    /// The id of a new session of the owner; of a program, which has none, that of nothing.
    pub(super) async fn session(&self) -> String {
        self.used.set(Used { account: true, ..self.used() });
        let Some(handle) = &self.owner.handle else { return chosen_id() };
        sign_in(self.api, handle, PASSWORD).await.expect(200);
        let sessions = self.owner.client.all("/api/v1/me/sessions?limit=200").await;
        let newest = id(sessions.last().unwrap());
        self.owner.remember(&newest);
        newest
    }

    /// The id of a new token for the API.
    pub(super) async fn token(&self) -> String {
        self.used.set(Used { account: true, ..self.used() });
        let named = json!({ "name": format!("{}-private laptop", self.owner.mark), "scopes": [self.owner.scope] });
        let made = self.owner.client.post("/api/v1/tokens", &named).await.expect(201).json();
        self.owner.remember(&id(&made));
        self.owner.remember(&text(&made, "secret"));
        id(&made)
    }

    /// The id of a timer that the owner has just started; of somebody who has no timers, that of nothing.
    pub(super) async fn timer(&self) -> String {
        self.used.set(Used { account: true, ..self.used() });
        let summary = format!("{} timer", self.owner.mark);
        let started = json!({ "related_job": self.job().await, "work_summary": summary });
        let answer = self.owner.client.post("/api/v1/timer/start", &started).await;
        if answer.status == 403 {
            return chosen_id();
        }
        let id = id(&answer.expect(201).json()["timer"]);
        self.owner.remember(&id);
        id
    }

    /// A scope for a new token of the caller.
    pub(super) fn scope(&self) -> &'static str {
        self.used.set(Used { scope: true, ..self.used() });
        self.scope
    }

    /// The URL of a new account.
    pub(super) async fn account(&self) -> String {
        format!("/api/v1/people/{}", id(&self.person().await["person"]))
    }

    /// The secret of a link of somebody new.
    pub(super) async fn link(&self) -> String {
        text(&self.person().await["invitation"], "secret")
    }

    /// The handle of somebody new, who has [`PASSWORD`].
    pub(super) async fn signer(&self) -> String {
        let made = self.person().await;
        accept(self.api, &text(&made["invitation"], "secret")).await.expect(200);
        text(&made["person"], "handle")
    }

    async fn person(&self) -> Value {
        self.api.post("/api/v1/people", &super::person()).await.expect(201).json()
    }
}
