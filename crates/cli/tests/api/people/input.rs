//! What bad input gets, and which handles there may be.

use serde_json::json;

use super::{PASSWORD, from_page, invited, sign_in};
use crate::api::ledger::id;
use crate::api::service::{Service, on_both_databases};

on_both_databases!(bad_input_names_its_field_and_stores_nothing, handles_and_subjects_are_one_name_space,);

async fn bad_input_names_its_field_and_stores_nothing(service: Service) {
    let api = &service.api;
    let good = json!({ "handle": "ada", "name": "Ada", "role": "member" });
    let long = format!("{}@b", "a".repeat(253));
    for (field, bad) in [
        ("handle", json!("ada l")),
        ("handle", json!("a".repeat(65))),
        ("handle", json!("")),
        ("name", json!(" ")),
        ("email", json!("ada")),
        ("email", json!("a@b@c")),
        ("email", json!(long)),
        ("role", json!("root")),
        ("time_zone", json!("Mars/Olympus")),
        ("week_starts_on", json!("someday")),
        ("status", json!("active")),
        ("password", json!(PASSWORD)),
    ] {
        let mut body = good.clone();
        body[field] = bad;
        let refused = api.post("/api/v1/people", &body).await;
        assert_eq!(refused.blamed(), [format!("/{field}")], "{body}");
        refused.expect_problem(422, "validation-failed");
    }
    let secret = invited(&service, "eve", "member");
    for password in ["short".to_owned(), "x".repeat(257)] {
        let refused = json!({ "secret": secret, "password": password });
        let refused = from_page(api.anonymous().post("/api/v1/invitations", &refused)).await;
        assert!(!refused.text().contains(&password), "{refused}");
        assert_eq!(refused.blamed(), ["/password"]);
    }
    let refused = sign_in(api, "eve", &"x".repeat(257)).await;
    assert_eq!(refused.blamed(), ["/password"]);
    let people = api.get("/api/v1/people").await.expect(200).json();
    assert_eq!(people["items"].as_array().unwrap().len(), 1);
    let eve = format!("/api/v1/people/{}", id(&people["items"][0]));
    assert_eq!(api.patch(&eve, &json!({ "handle": "ava" })).await.blamed(), ["/handle"]);
    let reader = api.with_token(service.new_token("read,write", "clerk"));
    for request in [reader.get("/api/v1/people"), reader.get(&eve), reader.post("/api/v1/people", &good)] {
        request.await.expect_problem(403, "forbidden");
    }
}

async fn handles_and_subjects_are_one_name_space(service: Service) {
    let api = &service.api;
    service.new_token("read", "Clerk");
    for handle in ["clerk", "CLERK"] {
        let body = json!({ "handle": handle, "name": "C", "role": "member" });
        let refused = api.post("/api/v1/people", &body).await;
        assert_eq!(refused.blamed(), ["/handle"]);
        refused.expect_problem(409, "handle-taken");
    }
    invited(&service, "ada", "member");
    let taken = json!({ "handle": "ADA", "name": "A", "role": "member" });
    api.post("/api/v1/people", &taken).await.expect_problem(409, "handle-taken");
    service.run(&["person", "create", "--handle", "clerk", "--role", "member", "--adopt"]);
}
