//! Roles, the last admin, and deactivation.

use std::time::Duration;

use serde_json::json;

use super::{Browser, PASSWORD, accept, id_of, invited, person, sign_in};
use crate::api::client::Request;
use crate::api::ledger::{entry, id, text};
use crate::api::service::{Service, on_both_databases};
use crate::api::until::within;

on_both_databases!(
    a_role_holds_and_a_deactivation_ends_everything_within_five_seconds,
    the_last_admin_stays_though_two_demote_each_other,
    two_admins_who_remove_each_other_or_themselves_leave_one,
);

async fn a_role_holds_and_a_deactivation_ends_everything_within_five_seconds(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "manager").await;
    let made = json!({ "name": "laptop", "scopes": ["read", "write"] });
    let made = ada.post("/api/v1/tokens", &made).await.expect(201).json();
    let token = api.with_token(text(&made, "secret"));
    let job = token.new_job("Research").await;
    let account = format!("/api/v1/people/{}", id_of(api, "ada").await);

    api.patch(&account, &json!({ "role": "viewer" })).await.expect(200);
    let may_write = async |request: Request| request.await.status != 403;
    let entries = format!("/jobs/{job}/time-entries");
    within(Duration::from_secs(5), "the new role", async || {
        (!may_write(token.post(&entries, &entry(1))).await && !may_write(ada.post(&entries, &entry(1))).await)
            .then_some(())
    })
    .await;
    assert_eq!(token.get("/api/v1/session").await.expect(200).json()["scopes"], json!(["read"]));

    api.patch(&account, &json!({ "status": "deactivated" })).await.expect(200);
    within(Duration::from_secs(5), "nothing of hers is taken", async || {
        let all = [token.get("/jobs").await.status, ada.get("/jobs").await.status];
        (all == [401, 401]).then_some(())
    })
    .await;
    sign_in(api, "ada", PASSWORD).await.expect_problem(401, "sign-in-failed");
    api.post(format!("{account}/invitation"), &json!({})).await.expect_problem(409, "person-deactivated");
    api.patch(&account, &json!({ "status": "active" })).await.expect(200);
    sign_in(api, "ada", PASSWORD).await.expect(200);
    token.get("/jobs").await.expect_problem(401, "unauthorized");
    ada.get("/jobs").await.expect_problem(401, "unauthorized");
}

async fn the_last_admin_stays_though_two_demote_each_other(service: Service) {
    let api = &service.api;
    for handle in ["ada", "eve"] {
        invited(&service, handle, "admin");
    }
    for _ in 0..4 {
        for handle in ["ada", "eve"] {
            service.run(&["person", "role", handle, "admin"]);
        }
        let (ada, eve) = (id_of(api, "ada").await, id_of(api, "eve").await);
        let demote = |id: &str| api.patch(format!("/api/v1/people/{id}"), &json!({ "role": "member" })).into_future();
        let (one, other) = futures::future::join(demote(&ada), demote(&eve)).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{one} {other}");
        let refused = if one.status == 409 { one } else { other };
        refused.expect_problem(409, "last-admin");
        let admins = api.get("/api/v1/people?role=admin").await.expect(200).json();
        let [last] = &admins["items"].as_array().unwrap()[..] else { panic!("{admins:#}") };
        let url = format!("/api/v1/people/{}", id(last));
        api.patch(&url, &json!({ "status": "deactivated" })).await.expect_problem(409, "last-admin");
    }
    // The command line may.
    for handle in ["ada", "eve"] {
        service.run(&["person", "role", handle, "member"]);
    }
    assert_eq!(api.get("/api/v1/people?role=admin").await.expect(200).json()["items"], json!([]));
}

/// Each acts by a session of their own, so the second one may have lost the right meanwhile.
async fn two_admins_who_remove_each_other_or_themselves_leave_one(service: Service) {
    let api = &service.api;
    let mut accounts = Vec::new();
    for handle in ["ada", "eve"] {
        accept(api, &invited(&service, handle, "admin")).await.expect(200);
        accounts.push(format!("/api/v1/people/{}", id_of(api, handle).await));
    }
    let (demote, deactivate) = (json!({ "role": "member" }), json!({ "status": "deactivated" }));
    for (by_ada, by_eve) in [(&demote, &demote), (&demote, &deactivate), (&deactivate, &deactivate)] {
        for (of_ada, of_eve) in [(1, 0), (0, 1)] {
            let mut browsers = Vec::new();
            for handle in ["ada", "eve"] {
                service.run(&["person", "activate", handle]);
                service.run(&["person", "role", handle, "admin"]);
                browsers.push(Browser::of(&sign_in(api, handle, PASSWORD).await.expect(200), api));
            }
            let patch = |by: &Browser, account: &str, body| by.sends(by.client.patch(account, body)).into_future();
            let ada = patch(&browsers[0], &accounts[of_ada], by_ada);
            let eve = patch(&browsers[1], &accounts[of_eve], by_eve);
            let (one, other) = futures::future::join(ada, eve).await;
            let (done, refused) = if one.status == 200 { (one, other) } else { (other, one) };
            assert!(done.status == 200 && [401, 403, 409].contains(&refused.status), "{done} {refused}");
            assert!(refused.status != 409 || refused.text().contains("last-admin"), "{refused}");
            let admins = api.get("/api/v1/people?role=admin&status=active").await.expect(200).json();
            assert_eq!(admins["items"].as_array().unwrap().len(), 1, "{done} {refused}");
        }
    }
}
