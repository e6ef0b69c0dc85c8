//! What a session may do, and that no page of another site can use it.

use serde_json::json;

use super::{PASSWORD, person};
use crate::api::client::Request;
use crate::api::ledger::{entry, id};
use crate::api::service::{Service, on_both_databases};

on_both_databases!(a_session_may_what_its_person_may_and_no_page_of_another_site_uses_it,);

async fn a_session_may_what_its_person_may_and_no_page_of_another_site_uses_it(service: Service) {
    let api = &service.api;
    let (ada, eve) = (person(&service, "ada", "member").await, person(&service, "eve", "manager").await);
    let job = api.new_job("Research").await;
    let entries = format!("/jobs/{job}/time-entries");
    let logged = ada.post(&entries, &entry(30)).await.expect(201).json();
    assert_eq!(logged["created_by"], "ada");
    let url = format!("/time-entries/{}", id(&logged));
    eve.sends(eve.client.patch(&url, &json!({ "minutes_worked": 45 }))).await.expect(200);
    let of_eve = eve.post(&entries, &entry(5)).await.expect(201).json();
    ada.get(&format!("/time-entries/{}", id(&of_eve))).await.expect_problem(404, "not-found");
    ada.post("/jobs", &json!({ "name": "Mine" })).await.expect_problem(403, "forbidden");
    assert_eq!(ada.get("/time-entries").await.expect(200).json()["items"].as_array().unwrap().len(), 1);

    let with_cookie = |request: Request| request.header("cookie", ada.cookie.as_str());
    for site in ["cross-site", "same-site", "none"] {
        let request = with_cookie(ada.client.post(&entries, &entry(1))).header("sec-fetch-site", site);
        request.await.expect_problem(403, "cross-site");
    }
    with_cookie(ada.client.post(&entries, &entry(1))).await.expect_problem(403, "cross-site");
    let origin = format!("http://{}", ada.client.address());
    with_cookie(ada.client.post(&entries, &entry(1))).header("origin", origin).await.expect(201);
    with_cookie(ada.client.post(&entries, &entry(1)))
        .header("origin", "https://evil.example")
        .await
        .expect_problem(403, "cross-site");
    // Reading changes nothing, and a token in the header wins over the cookie and needs no such word.
    with_cookie(ada.client.get(&url)).header("sec-fetch-site", "cross-site").await.expect(200);
    let both = with_cookie(api.post(&entries, &entry(2))).await.expect(201);
    assert_eq!(both.json()["created_by"], service.subject);
    for open in [
        ada.client.post("/api/v1/session", &json!({ "handle": "ada", "password": PASSWORD })),
        ada.client.post("/api/v1/invitations", &json!({ "secret": "x", "password": PASSWORD })),
    ] {
        open.await.expect_problem(403, "cross-site");
    }
}
