//! Passwords: what a right one opens, how many wrong ones there may be, and what a new one ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Browser, PASSWORD, invited, person, sign_in};
use crate::api::ledger::{id, text};
use crate::api::service::{Service, on_both_databases};
use crate::api::until::within;

on_both_databases!(
    a_password_signs_in_and_says_nothing_of_who_there_is,
    a_new_password_ends_the_other_sessions,
    wrong_passwords_are_bounded_and_lock_out_nobody_who_was_signed_in,
);

async fn a_password_signs_in_and_says_nothing_of_who_there_is(service: Service) {
    let api = &service.api;
    drop(person(&service, "Ada.Lovelace", "member").await);
    invited(&service, "without", "member");
    for handle in ["Ada.Lovelace", "ada.lovelace", "ＡＤＡ.lovelace"] {
        let ada = Browser::of(&sign_in(api, handle, PASSWORD).await.expect(200), api);
        assert_eq!(ada.get("/api/v1/me").await.expect(200).json()["handle"], "Ada.Lovelace");
    }
    let refused: Vec<Value> = {
        let mut all = Vec::new();
        for (handle, password) in
            [("ada.lovelace", "wrong"), ("nobody", PASSWORD), ("without", PASSWORD), ("no handle!", PASSWORD)]
        {
            let answer = sign_in(api, handle, password).await;
            assert_eq!(answer.header("set-cookie"), None, "{answer}");
            let mut problem = answer.expect_problem(401, "sign-in-failed");
            problem["request_id"] = Value::Null;
            all.push(problem);
        }
        all
    };
    assert!(refused.iter().all(|problem| *problem == refused[0]), "{refused:#?}");

    let ada = Browser::of(&sign_in(api, "ada.lovelace", PASSWORD).await.expect(200), api);
    let out = ada.sends(ada.client.delete("/api/v1/session")).await.expect(204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"), "{out}");
    ada.get("/api/v1/session").await.expect_problem(401, "unauthorized");
}

async fn a_new_password_ends_the_other_sessions(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "member").await;
    let other = Browser::of(&sign_in(api, "ada", PASSWORD).await.expect(200), api);
    let token = ada.post("/api/v1/tokens", &json!({ "name": "t", "scopes": ["own"] })).await.expect(201).json();
    let change = |old: &str, new: &str| {
        ada.sends(ada.client.put("/api/v1/me/password", &json!({ "old_password": old, "new_password": new })))
    };
    change("wrong", "another long passphrase").await.expect_problem(401, "sign-in-failed");
    let weak = change(PASSWORD, "aaaaaaaaaaaa").await;
    assert_eq!(weak.blamed(), ["/new_password"]);
    change(PASSWORD, "another long passphrase").await.expect(204);
    ada.get("/api/v1/me").await.expect(200);
    within(Duration::from_secs(5), "the other session has ended", async || {
        (other.get("/api/v1/me").await.status == 401).then_some(())
    })
    .await;
    api.with_token(text(&token, "secret")).get("/jobs").await.expect(200);
    sign_in(api, "ada", PASSWORD).await.expect_problem(401, "sign-in-failed");
    let third = Browser::of(&sign_in(api, "ada", "another long passphrase").await.expect(200), api);

    let sessions = ada.get("/api/v1/me/sessions").await.expect(200).json();
    let all = sessions["items"].as_array().unwrap();
    let of = |member: &str| all.iter().map(|session| session[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("current"), [json!(true), json!(false), json!(false)]);
    assert_eq!(of("revoked_at").iter().map(Value::is_null).collect::<Vec<_>>(), [true, false, true]);
    let last = format!("/api/v1/me/sessions/{}", id(&all[2]));
    ada.sends(ada.client.delete(&last)).await.expect(204);
    third.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let of_token = format!("/api/v1/me/sessions/{}", id(&token));
    ada.sends(ada.client.delete(&of_token)).await.expect_problem(404, "not-found");

    let me = ada.get("/api/v1/me").await.expect(200);
    let patch = json!({ "name": "Ada L.", "time_zone": "Asia/Tokyo", "week_starts_on": "sunday", "email": null });
    let patched = ada.sends(ada.client.patch("/api/v1/me", &patch)).header("if-match", me.etag()).await.expect(200);
    assert_eq!(patched.json()["week_starts_on"], "sunday");
    ada.sends(ada.client.patch("/api/v1/me", &patch))
        .header("if-match", me.etag())
        .await
        .expect_problem(412, "precondition-failed");
    let role = ada.sends(ada.client.patch("/api/v1/me", &json!({ "role": "admin" }))).await;
    assert_eq!(role.blamed(), ["/role"]);
}

async fn wrong_passwords_are_bounded_and_lock_out_nobody_who_was_signed_in(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "member").await;
    for handle in ["ada", "nobody"] {
        for _ in 0..5 {
            sign_in(api, handle, "wrong").await.expect_problem(401, "sign-in-failed");
        }
        let refused = sign_in(api, handle, PASSWORD).await;
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((3_500..=3_600).contains(&wait), "{refused}");
        refused.expect_problem(429, "too-many-guesses");
    }
    // Who is signed in stays so, and her browser may sign in again: also when it has signed out.
    ada.get("/api/v1/me").await.expect(200);
    ada.sends(ada.client.delete("/api/v1/session")).await.expect(204);
    ada.sends(sign_in(api, "ada", PASSWORD)).await.expect(200);
    // Somebody who knows their own cookie alone gets no further with her handle.
    let eve = person(&service, "eve", "member").await;
    eve.sends(sign_in(api, "ada", PASSWORD)).await.expect_problem(429, "too-many-guesses");
}
