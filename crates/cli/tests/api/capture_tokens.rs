//! The life of a capture token, and the routes that its secret opens.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{chosen_id, text};
use super::service::{Service, on_both_databases};
use super::until::within;

on_both_databases!(
    a_capture_token_is_made_listed_changed_and_revoked,
    the_secret_of_a_capture_token_is_told_once_and_opens_pings_alone,
    a_revoked_capture_token_is_no_more_than_an_unknown_one_within_five_seconds,
    one_that_the_operator_makes_is_seen_like_the_others,
    a_revoked_token_takes_along_what_it_made_within_five_seconds,
);

async fn a_capture_token_is_made_listed_changed_and_revoked(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let (of_job, other) = (format!("/jobs/{job}/capture-tokens"), format!("/jobs/{}/capture-tokens", chosen_id()));
    api.post(&other, &json!({ "name": "door" })).await.expect_problem(404, "not-found");
    let bound = api.post(&of_job, &json!({ "name": "door", "time_zone": "Europe/Berlin" })).await.expect(201);
    let place = bound.header("location").unwrap().to_owned();
    let bound = bound.json();
    assert_eq!((&bound["related_job"], &bound["creates_jobs"]), (&json!(job), &json!(false)));
    assert_eq!((&bound["subject"], &bound["time_zone"]), (&json!(service.subject), &json!("Europe/Berlin")));
    let free = api.post("/capture-tokens", &json!({ "name": "editor", "creates_jobs": true })).await.expect(201).json();
    assert_eq!((&free["related_job"], &free["creates_jobs"]), (&Value::Null, &json!(true)));

    let names =
        async |target: &str| -> Vec<String> { api.all(target).await.iter().map(|token| text(token, "name")).collect() };
    assert_eq!(names("/capture-tokens?limit=1").await, ["editor", "door"]);
    assert_eq!(names(&of_job).await, ["door"]);
    assert_eq!(names(&format!("/capture-tokens?related_job={job}")).await, ["door"]);

    let changed = api.patch(&place, &json!({ "name": "gate", "expires_at": "2099-01-01T00:00:00Z" })).await.expect(200);
    assert_eq!(changed.json()["expires_at"], "2099-01-01T00:00:00.000000Z");
    assert_eq!(api.get(&place).await.expect(200).json(), changed.json());
    for _ in 0..2 {
        api.delete(&place).await.expect(204);
    }
    let revoked = api.get(&place).await.expect(200).json();
    assert!(revoked["revoked_at"].is_string() && revoked["name"] == "gate", "{revoked}");
    assert_eq!(names(&of_job).await, ["gate"]);
}

async fn the_secret_of_a_capture_token_is_told_once_and_opens_pings_alone(service: Service) {
    let api = &service.api;
    let created = api.post("/capture-tokens", &json!({ "name": "editor" })).await.expect(201).json();
    let (secret, id) = (text(&created, "secret"), text(&created, "id"));
    assert_eq!(created["ping_url"], format!("/ping/{secret}"));
    for target in ["/capture-tokens".to_owned(), format!("/capture-tokens/{id}")] {
        assert!(!api.get(target).await.expect(200).text().contains(&secret));
    }
    let sender = api.with_token(&secret);
    for request in [sender.get("/jobs"), sender.get("/pings"), sender.post("/capture-tokens", &json!({ "name": "x" }))]
    {
        request.await.expect_problem(401, "unauthorized");
    }
    let anonymous = api.anonymous();
    anonymous.get(format!("/ping/{secret}?colour=red")).await.expect_problem(422, "validation-failed");
    // Its id is not a secret, and opens nothing.
    anonymous.get(format!("/ping/{id}")).await.expect_problem(404, "not-found");
}

/// Asks until the token is refused. A request that starts 5 seconds after the revocation must be refused.
async fn until_refused(anonymous: &Client, ping_url: &str) {
    let refused = async || (anonymous.head(ping_url).await.status == 404).then_some(());
    within(Duration::from_secs(5), "the token is refused", refused).await;
}

async fn a_revoked_capture_token_is_no_more_than_an_unknown_one_within_five_seconds(service: Service) {
    let api = &service.api;
    let created = api.post("/capture-tokens", &json!({ "name": "editor" })).await.expect(201).json();
    let ping = format!("/ping/{}", text(&created, "secret"));
    let anonymous = api.anonymous();
    anonymous.head(&ping).await.expect(422);
    service.revoke_token("editor");
    until_refused(&anonymous, &ping).await;
    let detail = |answer: Value| text(&answer, "detail");
    let refused = anonymous.get(&ping).await.expect(404).json();
    let unknown = anonymous.get("/ping/0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a").await.expect(404).json();
    assert_eq!(detail(refused), detail(unknown));
}

async fn one_that_the_operator_makes_is_seen_like_the_others(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let create =
        ["token", "create", "--name", "door", "--subject", "ada", "--time-zone", "Asia/Tokyo", "--capture", &job];
    let secret = service.run(&create).trim_end().to_owned();
    let tokens = api.all(&format!("/jobs/{job}/capture-tokens")).await;
    assert_eq!((&tokens[0]["subject"], &tokens[0]["time_zone"]), (&json!("ada"), &json!("Asia/Tokyo")));
    assert_eq!(tokens[0]["made_by"], Value::Null);
    let bearer = api.with_token(secret).get("/api/wakatime/v1/users/current/statusbar/today").await;
    assert_ne!(bearer.status, 401);
    // Only the operator can see other tokens.
    assert_eq!(api.all("/capture-tokens").await.len(), 1);
}

/// Its maker, which is in this service's cache, can make no more tokens.
async fn a_revoked_token_takes_along_what_it_made_within_five_seconds(service: Service) {
    let (api, anonymous) = (&service.api, service.api.anonymous());
    let secret = service.run(&["token", "create", "--name", "maker", "--scopes", "write"]);
    let maker = api.with_token(secret.trim_end());
    let made = maker.post("/capture-tokens", &json!({ "name": "editor" })).await.expect(201).json();
    let other = api.post("/capture-tokens", &json!({ "name": "door" })).await.expect(201).json();
    assert!(made["made_by"].is_string() && made["made_by"] != other["made_by"], "{made}");
    for token in [&made, &other] {
        anonymous.head(text(token, "ping_url")).await.expect(422);
    }
    service.revoke_token("maker");
    // Its own secret may still be in the cache.
    maker.post("/capture-tokens", &json!({ "name": "late" })).await.expect_problem(401, "unauthorized");
    until_refused(&anonymous, &text(&made, "ping_url")).await;
    anonymous.head(text(&other, "ping_url")).await.expect(422);
    let names: Vec<_> = api.all("/capture-tokens").await.iter().map(|token| text(token, "name")).collect();
    assert_eq!(names, ["door", "editor"]);
}
