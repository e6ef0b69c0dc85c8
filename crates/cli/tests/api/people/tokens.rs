//! People's own tokens.

use serde_json::{Value, json};

use super::person;
use crate::api::client::Request;
use crate::api::ledger::{id, text};
use crate::api::service::{Service, on_both_databases};

on_both_databases!(people_make_tokens_that_allow_no_more_than_they_may,);

async fn people_make_tokens_that_allow_no_more_than_they_may(service: Service) {
    let api = &service.api;
    let (ada, eve) = (person(&service, "ada", "member").await, person(&service, "eve", "viewer").await);
    let new = |scopes: &[&str]| json!({ "name": "laptop", "scopes": scopes });
    for scopes in [&["read"][..], &["write"], &["read", "write"], &["admin"]] {
        ada.post("/api/v1/tokens", &new(scopes)).await.expect_problem(403, "forbidden");
    }
    for scopes in [&["own", "read"][..], &["own", "own"], &["capture"], &[], &["read", "read", "write", "write"]] {
        assert_eq!(ada.post("/api/v1/tokens", &new(scopes)).await.blamed(), ["/scopes"], "{scopes:?}");
    }
    let made = ada.post("/api/v1/tokens", &new(&["own"])).await.expect(201).json();
    assert_eq!((&made["subject"], &made["made_by"]), (&json!("ada"), &Value::Null));
    let token = api.with_token(text(&made, "secret"));
    eve.post("/api/v1/tokens", &new(&["own"])).await.expect_problem(403, "forbidden");
    eve.post("/api/v1/tokens", &new(&["read"])).await.expect(201);

    // Each sees its own, and an admin sees all; the secret is not shown again.
    let names = async |request: Request| {
        let page = request.await.expect(200).json();
        assert!(page["items"].as_array().unwrap().iter().all(|token| token.get("secret").is_none()), "{page:#}");
        page["items"].as_array().unwrap().iter().map(|token| text(token, "subject")).collect::<Vec<_>>()
    };
    assert_eq!(names(ada.get("/api/v1/tokens")).await, ["ada"]);
    assert_eq!(names(eve.get("/api/v1/tokens")).await, ["eve"]);
    assert_eq!(names(api.get("/api/v1/tokens")).await, [service.subject, "ada", "eve"]);
    let url = format!("/api/v1/tokens/{}", id(&made));
    eve.sends(eve.client.delete(&url)).await.expect_problem(404, "not-found");
    token.get("/jobs").await.expect(200);
    // Signing out takes no token along.
    ada.sends(ada.client.delete("/api/v1/session")).await.expect(204);
    token.get("/jobs").await.expect(200);
    token.delete(&url).await.expect(204);
    token.get("/jobs").await.expect_problem(401, "unauthorized");
    // A program is nobody.
    api.get("/api/v1/me").await.expect_problem(403, "not-a-person");
    api.get("/api/v1/me/sessions").await.expect_problem(403, "not-a-person");
}
