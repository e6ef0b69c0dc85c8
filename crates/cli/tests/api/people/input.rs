//! Bad input about people: a 4xx problem that names the field, and nothing is stored.

use serde_json::{Value, json};

use super::{PASSWORD, accept, accept_with, from_page, id_of, invited, person, sign_in};
use crate::api::answer::Answer;
use crate::api::client::Client;
use crate::api::ledger::entry;
use crate::api::service::{Service, on_both_databases};

on_both_databases!(
    every_bad_field_of_an_account_is_named_and_nothing_is_stored,
    a_handle_that_a_token_or_an_entry_has_as_its_subject_is_refused_over_the_api,
    a_bad_password_is_named_and_changes_nothing,
    a_link_that_is_unknown_or_used_is_named_and_changes_nothing,
    an_end_of_the_last_admin_names_its_field_and_changes_nothing,
    nobody_gives_a_role_who_may_not_and_nobody_gives_one_that_is_none,
);

/// All people and tokens, sessions and links included.
fn stored(service: &Service) -> (String, String) {
    (service.run(&["person", "list", "--json"]), service.run(&["token", "list", "--json"]))
}

async fn url_of(api: &Client, handle: &str) -> String {
    format!("/api/v1/people/{}", id_of(api, handle).await)
}

/// The values of each field that are refused.
fn bad_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("name", json!("")),
        ("name", json!(" \u{200b} ")),
        ("name", json!("n".repeat(121))),
        ("name", json!(5)),
        ("email", json!("")),
        ("email", json!("ada")),
        ("email", json!("@example.org")),
        ("email", json!("ada@")),
        ("email", json!("ada@example@org")),
        ("email", json!("ada l@example.org")),
        ("email", json!(format!("{}@example.org", "a".repeat(243)))),
        ("email", json!(["ada@example.org"])),
        ("time_zone", json!("")),
        ("time_zone", json!("UTC+1")),
        ("time_zone", json!("europe")),
        ("time_zone", json!("Europe/Atlantis")),
        ("week_starts_on", json!("mon")),
        ("week_starts_on", json!(1)),
        ("week_starts_on", json!(null)),
        ("id", json!("01890a5d-ac96-774b-bcce-b302099a8057")),
        ("created_at", json!("2026-01-15T00:00:00Z")),
        ("password", json!(PASSWORD)),
        ("password_hash", json!("$argon2id$")),
    ]
}

async fn every_bad_field_of_an_account_is_named_and_nothing_is_stored(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "admin").await;
    let account = url_of(api, "ada").await;
    let before = stored(&service);
    let refused = |answer: Answer, field: &str| {
        assert_eq!(answer.blamed(), [format!("/{field}")], "{answer}");
        answer.expect_problem(422, "validation-failed");
    };
    for (field, bad) in bad_fields() {
        let mut body = json!({ "handle": "eve", "name": "Eve", "role": "member" });
        body[field] = bad.clone();
        refused(api.post("/api/v1/people", &body).await, field);
        refused(api.patch(&account, &json!({ field: bad })).await, field);
        refused(ada.patch("/api/v1/me", &json!({ field: bad })).await, field);
    }
    for handle in ["", "a b", "a/b", "a@b", "a\u{200b}b", "a\u{0}", &"h".repeat(65)] {
        refused(
            api.post("/api/v1/people", &json!({ "handle": handle, "name": "E", "role": "member" })).await,
            "handle",
        );
    }
    for (field, value) in [("handle", "eve"), ("role", "viewer"), ("status", "deactivated")] {
        // Nobody changes these of themselves.
        refused(ada.patch("/api/v1/me", &json!({ field: value })).await, field);
    }
    refused(api.patch(&account, &json!({ "handle": "eve" })).await, "handle");
    refused(api.patch(&account, &json!({ "status": "gone" })).await, "status");
    let all_at_once = json!({ "handle": "", "name": "", "email": "x", "role": "x", "time_zone": "x" });
    let told = api.post("/api/v1/people", &all_at_once).await;
    assert_eq!(told.blamed(), ["/email", "/handle", "/name", "/role", "/time_zone"]);
    let early = json!({ "handle": "eve", "name": "Eve", "role": "member", "status": "active" });
    refused(api.post("/api/v1/people", &early).await, "status");
    let queried = api.get("/api/v1/people?role=root&status=x&limit=0").await;
    assert_eq!(queried.blamed(), ["limit", "role", "status"]);
    assert_eq!(stored(&service), before);
}

async fn a_handle_that_a_token_or_an_entry_has_as_its_subject_is_refused_over_the_api(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let gone = api.with_token(service.new_token("write", "Robot"));
    gone.post(format!("/jobs/{job}/time-entries"), &entry(5)).await.expect(201);
    service.new_token("read", "payroll");
    let before = stored(&service);
    for handle in ["robot", "ROBOT", "payroll", "ｐａｙｒｏｌｌ"] {
        let body = json!({ "handle": handle, "name": "R", "role": "member" });
        let answer = api.post("/api/v1/people", &body).await;
        assert_eq!(answer.blamed(), ["/handle"], "{handle}");
        answer.expect_problem(409, "handle-taken");
        // Nor is there a way over the API to adopt it.
        let mut adopting = body;
        adopting["adopt"] = json!(true);
        assert_eq!(api.post("/api/v1/people", &adopting).await.blamed(), ["/adopt"]);
    }
    assert_eq!(stored(&service), before);
    invited(&service, "ada", "member");
    let taken = json!({ "handle": "ADA", "name": "A", "role": "member" });
    api.post("/api/v1/people", &taken).await.expect_problem(409, "handle-taken");
    service.run(&["person", "create", "--handle", "payroll", "--role", "member", "--adopt"]);
}

async fn a_bad_password_is_named_and_changes_nothing(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "member").await;
    let open = invited(&service, "eve", "member");
    let before = stored(&service);
    let long = "x y ".repeat(65);
    for password in ["", "short", &long[..257], "password123", "adaadaadaada"] {
        let answer = accept_with(api, &open, password).await;
        assert_eq!(answer.blamed(), ["/password"], "{answer}");
        answer.expect_problem(422, "validation-failed");
        let change = json!({ "old_password": PASSWORD, "new_password": password });
        let answer = ada.put("/api/v1/me/password", &change).await;
        assert_eq!(answer.blamed(), ["/new_password"], "{answer}");
        assert!(password.is_empty() || !answer.text().contains(password), "{answer}");
    }
    let change = json!({ "old_password": &long[..257], "new_password": "another long tramway ride" });
    assert_eq!(ada.put("/api/v1/me/password", &change).await.blamed(), ["/old_password"]);
    for (body, blamed) in [
        (json!({ "handle": "ada", "password": &long[..257] }), &["/password"][..]),
        (json!({ "handle": "ada" }), &["/password"]),
        (json!({ "handle": 5, "password": PASSWORD }), &["/handle"]),
        (json!({ "handle": "ada", "password": PASSWORD, "role": "admin" }), &["/role"]),
    ] {
        let answer = from_page(api.anonymous().post("/api/v1/session", &body)).await;
        assert_eq!(answer.blamed(), blamed, "{answer}");
        assert_eq!(answer.header("set-cookie"), None, "{answer}");
    }
    assert_eq!(stored(&service), before);
    // The old password and the link still work.
    sign_in(api, "ada", PASSWORD).await.expect(200);
    accept(api, &open).await.expect(200);
}

async fn a_link_that_is_unknown_or_used_is_named_and_changes_nothing(service: Service) {
    let api = &service.api;
    let used = invited(&service, "ada", "member");
    accept(api, &used).await.expect(200);
    let unknown = format!("stint_invitation_{}", "x".repeat(43));
    let before = stored(&service);
    for secret in ["", "x", "stint_invitation_", &unknown, &used, &used.to_uppercase(), &format!("{used}x")] {
        let answer = accept_with(api, secret, "another long tramway ride").await;
        assert_eq!(answer.blamed(), ["/secret"], "{answer}");
        assert!(answer.header("set-cookie").is_none() && !answer.text().contains(&used), "{answer}");
        answer.expect_problem(410, "link-unusable");
    }
    let missing = from_page(api.anonymous().post("/api/v1/invitations", &json!({ "password": PASSWORD }))).await;
    assert_eq!(missing.blamed(), ["/secret"]);
    assert_eq!(stored(&service), before);
    sign_in(api, "ada", PASSWORD).await.expect(200);
}

async fn an_end_of_the_last_admin_names_its_field_and_changes_nothing(service: Service) {
    let api = &service.api;
    invited(&service, "ada", "admin");
    invited(&service, "eve", "manager");
    let ada = url_of(api, "ada").await;
    let before = stored(&service);
    for (changes, blamed) in [
        (json!({ "role": "manager" }), &["/role"][..]),
        (json!({ "status": "deactivated" }), &["/status"]),
        (json!({ "name": "Nobody", "role": "viewer", "status": "deactivated" }), &["/role", "/status"]),
        (json!({ "role": "admin", "status": "deactivated" }), &["/status"]),
    ] {
        let answer = api.patch(&ada, &changes).await;
        assert_eq!(answer.blamed(), blamed, "{answer}");
        answer.expect_problem(409, "last-admin");
    }
    assert_eq!(stored(&service), before);
}

async fn nobody_gives_a_role_who_may_not_and_nobody_gives_one_that_is_none(service: Service) {
    let api = &service.api;
    let eve = person(&service, "eve", "manager").await;
    let url = url_of(api, "eve").await;
    let before = stored(&service);
    for role in [json!("root"), json!("Admin"), json!(""), json!(null), json!(["admin"]), json!("own")] {
        assert_eq!(api.patch(&url, &json!({ "role": role })).await.blamed(), ["/role"], "{role}");
        let body = json!({ "handle": "bob", "name": "Bob", "role": role });
        assert_eq!(api.post("/api/v1/people", &body).await.blamed(), ["/role"], "{role}");
    }
    let up = json!({ "role": "admin" });
    eve.patch(&url, &up).await.expect_problem(403, "forbidden");
    let body = json!({ "handle": "bob", "name": "Bob", "role": "viewer" });
    eve.post("/api/v1/people", &body).await.expect_problem(403, "forbidden");
    for request in [eve.get("/api/v1/people"), eve.get(&url)] {
        request.await.expect_problem(403, "forbidden");
    }
    let token = json!({ "name": "t", "scopes": ["admin"] });
    eve.post("/api/v1/tokens", &token).await.expect_problem(403, "forbidden");
    assert_eq!(stored(&service), before);
}
