//! Every operation of the OpenAPI document as a request that is valid, with what it needs in the ledger. The tests of scopes,
//! the tables in docs/people.md and the random walk use it. A new route needs one row in [`row`].

pub(super) mod ground;

use serde_json::{Value, json};

use self::ground::Ground;
use super::client::{Client, Request};
use super::ledger::{chosen_id, entry, entry_of};
use super::people::PASSWORD;

/// The kinds of operations, by what their answers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
    /// Leads to the provider, which the service under test does not have.
    OfProvider,
    /// Is about the caller itself, whoever it is.
    OfOneself(u16),
    /// Is about one's own account, which a program does not have.
    OfPeople,
    /// Is for admins.
    OfAdmins(u16),
}

/// An operation's kind, its path, and its body: JSON, or the text of a form.
pub(super) type Row = (Kind, String, Option<Value>);

/// A method of a route of the OpenAPI document.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// In upper case.
    pub(super) method: String,
    pub(super) route: String,
}

/// All operations of the document, by route.
pub(super) async fn all(api: &Client) -> Vec<Operation> {
    let document = api.anonymous().get("/openapi.json").await.expect(200).json();
    let of = |(route, item): (&String, &Value)| -> Vec<Operation> {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        methods.map(|method| Operation { method, route: route.clone() }).collect()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of).collect()
}

impl Operation {
    /// Its row, on new ground. Fails if there is none.
    pub(super) async fn row(&self, ground: &Ground<'_>) -> Row {
        // HEAD is GET without the body.
        let method = if self.method == "HEAD" { "get" } else { &self.method.to_lowercase() };
        let name = format!("{method} {}", self.route);
        row(&name, ground)
            .await
            .unwrap_or_else(|| panic!("{name} has no row in operations.rs: who may do what with it?"))
    }

    /// Its request with this path and body.
    pub(super) fn request(&self, client: &Client, path: &str, body: Option<&Value>) -> Request {
        let request = client.request(&self.method, path);
        match body {
            None => request,
            Some(Value::String(form)) => request.body("application/x-www-form-urlencoded", form.as_str()),
            Some(body) => request.json(body),
        }
    }
}

/// The row of `method route`; `None` if this table has none. What a row needs in the ledger it takes from `ground`: entries,
/// pings and tokens are its owner's there.
async fn row(name: &str, ground: &Ground<'_>) -> Option<Row> {
    let path = name.split(' ').nth(1).unwrap_or_default().to_owned();
    Some(match name {
        "get /api/v1/jobs"
        | "get /api/v1/time-entries"
        | "get /api/v1/pings"
        | "get /api/v1/capture-tokens"
        | "get /api/v1/tasks" => (Kind::Shows, path, None),
        name if name.contains(" /api/v1/jobs") => of_jobs(name, ground).await?,
        name if name.contains(" /api/v1/time-entries") => of_time_entries(name, ground).await?,
        name if name.contains(" /api/wakatime/v1") => of_wakatime(name, path, ground).await?,
        name if name.contains(" /api/v1/timer") => of_timer(name, path, ground).await?,
        name if name.contains("/ping") || name.contains("/capture-tokens") => of_capture(name, ground).await?,
        "get /sign-in" | "get /welcome" | "get /forms.css" | "get /welcome.js" | "get /healthz" | "get /readyz"
        | "get /openapi.json" | "get /docs" => (Kind::Open, path, None),
        "get /auth/oidc/start" | "get /auth/oidc/callback" => (Kind::OfProvider, path, None),
        name => of_people(name, path, ground).await?,
    })
}

async fn of_jobs(name: &str, ground: &Ground<'_>) -> Option<Row> {
    use Kind::{Changes, Makes, Removes, Shows};

    let named = Some(json!({ "name": "own" }));
    if name == "post /api/v1/jobs" {
        return Some((Makes, "/jobs".to_owned(), named));
    }
    let job = ground.job().await;
    let url = format!("/jobs/{job}");
    let (entries, tokens) = (format!("{url}/time-entries"), format!("{url}/capture-tokens"));
    Some(match name {
        "get /api/v1/jobs/{id}" => (Shows, url, None),
        "put /api/v1/jobs/{id}" => (Changes { tagged: true }, url, named),
        "patch /api/v1/jobs/{id}" => (Changes { tagged: true }, url, Some(json!({}))),
        "delete /api/v1/jobs/{id}" => {
            ground.entry_of(&job).await;
            (Removes, format!("{url}?entries=delete"), None)
        }
        "get /api/v1/jobs/{id}/time-entries" => {
            ground.entry_of(&job).await;
            (Shows, entries, None)
        }
        "post /api/v1/jobs/{id}/time-entries" => (Makes, entries, Some(entry(1))),
        "get /api/v1/jobs/{id}/capture-tokens" => {
            ground.door_of(&job).await;
            (Shows, tokens, None)
        }
        "post /api/v1/jobs/{id}/capture-tokens" => (Makes, tokens, named),
        _ => return None,
    })
}

async fn of_time_entries(name: &str, ground: &Ground<'_>) -> Option<Row> {
    use Kind::{Changes, Makes, Removes, Shows};

    let job = ground.job().await;
    if name == "post /api/v1/time-entries/batch" {
        let batch = json!({ "mode": "atomic", "items": [entry_of(&job, 1)] });
        return Some((Makes, "/time-entries/batch".to_owned(), Some(batch)));
    }
    let url = format!("/time-entries/{}", ground.entry_of(&job).await);
    Some(match name {
        "get /api/v1/time-entries/{id}" => (Shows, url, None),
        "put /api/v1/time-entries/{id}" => (Changes { tagged: true }, url, Some(entry_of(&job, 2))),
        "patch /api/v1/time-entries/{id}" => (Changes { tagged: true }, url, Some(json!({ "minutes_worked": 3 }))),
        "delete /api/v1/time-entries/{id}" => (Removes, url, None),
        _ => return None,
    })
}

async fn of_capture(name: &str, ground: &Ground<'_>) -> Option<Row> {
    use Kind::{Captures, Changes, Makes, Removes, Shows};

    Some(match name {
        "post /api/v1/capture-tokens" => (Makes, "/capture-tokens".to_owned(), Some(json!({ "name": "own" }))),
        "get /api/v1/capture-tokens/{id}" => (Shows, ground.door_url().await, None),
        "patch /api/v1/capture-tokens/{id}" => {
            (Changes { tagged: false }, ground.door_url().await, Some(json!({ "name": "own" })))
        }
        "delete /api/v1/capture-tokens/{id}" => (Removes, ground.door_url().await, None),
        "get /api/v1/pings/{id}" => (Shows, format!("/pings/{}", ground.ping().await), None),
        "delete /api/v1/pings/{id}" => (Removes, format!("/pings/{}", ground.ping().await), None),
        "get /ping/{token}" => (Captures, format!("/ping/{}", ground.door_secret().await), None),
        "post /ping/{token}" => {
            (Captures, format!("/ping/{}", ground.door_secret().await), Some(json!({ "summary": "own" })))
        }
        _ => return None,
    })
}

async fn of_timer(name: &str, path: String, ground: &Ground<'_>) -> Option<Row> {
    use Kind::OfPeople;

    Some(match name {
        "post /api/v1/timer/start" => (OfPeople, path, Some(json!({ "related_job": ground.job().await }))),
        "post /api/v1/timer/stop" => (OfPeople, path, Some(json!({ "id": ground.timer().await }))),
        "get /api/v1/timer" | "delete /api/v1/timer" => {
            ground.timer().await;
            (OfPeople, path, None)
        }
        "patch /api/v1/timer" => {
            ground.timer().await;
            (OfPeople, path, Some(json!({ "work_summary": "own" })))
        }
        _ => return None,
    })
}

/// The protocol of editor plugins: the key is a capture token's secret.
async fn of_wakatime(name: &str, path: String, ground: &Ground<'_>) -> Option<Row> {
    let by_key = format!("{path}?api_key={}", ground.door_secret().await);
    let heartbeat = Some(json!({ "time": 1.0 }));
    Some(match name {
        "post /api/wakatime/v1"
        | "post /api/wakatime/v1/users/current/heartbeats"
        | "post /api/wakatime/v1/users/current/heartbeats.bulk"
        | "post /api/wakatime/v1/plugins/errors" => (Kind::Captures, by_key, heartbeat),
        "get /api/wakatime/v1/users/current" | "get /api/wakatime/v1/users/current/statusbar/today" => {
            (Kind::Captures, by_key, None)
        }
        "get /api/wakatime/v1/users/current/summaries" => {
            (Kind::Captures, format!("{by_key}&start=today&end=today"), None)
        }
        _ => return None,
    })
}

async fn of_people(name: &str, path: String, ground: &Ground<'_>) -> Option<Row> {
    use Kind::{OfAdmins, OfOneself, OfPages, OfPeople};

    Some(match name {
        "post /api/v1/session" => {
            (OfPages, path, Some(json!({ "handle": ground.signer().await, "password": PASSWORD })))
        }
        "post /api/v1/invitations" => {
            (OfPages, path, Some(json!({ "secret": ground.link().await, "password": PASSWORD })))
        }
        "post /sign-in" => (OfPages, path, Some(form(&[("handle", &ground.signer().await), ("password", PASSWORD)]))),
        "post /welcome" => (OfPages, path, Some(form(&[("secret", &ground.link().await), ("password", PASSWORD)]))),
        "post /sign-out" | "post /auth/oidc/start" => (OfPages, path, Some(form(&[]))),
        "get /api/v1/session" => (OfOneself(200), path, None),
        "delete /api/v1/session" => (OfOneself(204), path, None),
        "get /api/v1/me" | "get /api/v1/me/sessions" => (OfPeople, path, None),
        "patch /api/v1/me" => (OfPeople, path, Some(json!({}))),
        "put /api/v1/me/password" => {
            let passwords = json!({ "old_password": PASSWORD, "new_password": PASSWORD });
            (OfPeople, path, Some(passwords))
        }
        "delete /api/v1/me/sessions/{id}" => {
            (OfPeople, format!("/api/v1/me/sessions/{}", ground.session().await), None)
        }
        "get /api/v1/people" | "get /api/v1/tokens" => (OfAdmins(200), path, None),
        "post /api/v1/people" => (OfAdmins(201), path, Some(person())),
        "get /api/v1/people/{id}" => (OfAdmins(200), ground.account().await, None),
        "patch /api/v1/people/{id}" => (OfAdmins(200), ground.account().await, Some(json!({ "role": "viewer" }))),
        "post /api/v1/people/{id}/invitation" => {
            (OfAdmins(201), format!("{}/invitation", ground.account().await), Some(json!({})))
        }
        "post /api/v1/tokens" => (OfAdmins(201), path, Some(json!({ "name": "own", "scopes": [ground.scope()] }))),
        "delete /api/v1/tokens/{id}" => (OfAdmins(204), format!("/api/v1/tokens/{}", ground.token().await), None),
        _ => return None,
    })
}

/// A new person whose name is hidden.
fn person() -> Value {
    let handle = format!("p-{}", chosen_id());
    json!({ "handle": handle, "name": "hidden person", "role": "member" })
}

fn form(fields: &[(&str, &str)]) -> Value {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", value.replace(' ', "+"));
    Value::String(fields.iter().map(pair).collect::<Vec<_>>().join("&"))
}
