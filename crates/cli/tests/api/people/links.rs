//! Links by which people set a password and sign in.

use std::time::Duration;

use serde_json::json;

use super::{Browser, accept, from_page, invited, secret_of};
use crate::api::ledger::{id, text};
use crate::api::service::{Service, on_both_databases};
use crate::api::until::within;

on_both_databases!(a_link_sets_a_password_and_signs_in_once,);

async fn a_link_sets_a_password_and_signs_in_once(service: Service) {
    let api = &service.api;
    let secret = invited(&service, "ada", "manager");
    // Opening the page, or a weak password, uses nothing up.
    let weak = json!({ "secret": secret, "password": "password123" });
    let refused = from_page(api.anonymous().post("/api/v1/invitations", &weak)).await;
    assert_eq!(refused.blamed(), ["/password"]);
    refused.expect_problem(422, "validation-failed");
    let accepted = accept(api, &secret).await.expect(200);
    let told = accepted.json();
    assert_eq!((&told["person"]["handle"], &told["scopes"]), (&json!("ada"), &json!(["read", "write"])));
    let ada = Browser::of(&accepted, api);
    assert_eq!(ada.get("/api/v1/session").await.expect(200).text(), accepted.text());
    for used in [secret.as_str(), "stint_invitation_", "", &format!("stint_invitation_{}", "x".repeat(43))] {
        accept(api, used).await.expect_problem(410, "link-unusable");
    }

    // A new link ends older ones, and using it ends all sessions.
    let (older, newer) =
        (secret_of(&service.run(&["person", "invite", "ADA"])), secret_of(&service.run(&["person", "invite", "ada"])));
    accept(api, &older).await.expect_problem(410, "link-unusable");
    let again = Browser::of(&accept(api, &newer).await.expect(200), api);
    within(Duration::from_secs(5), "the first session has ended", async || {
        (ada.get("/api/v1/session").await.status == 401).then_some(())
    })
    .await;
    again.get("/api/v1/session").await.expect(200);

    // An admin makes people and links over the API, too.
    let new = json!({ "handle": "eve", "name": "Eve Holt", "email": "eve@example.org", "role": "member" });
    let made = api.post("/api/v1/people", &new).await.expect(201).json();
    accept(api, &text(&made["invitation"], "secret")).await.expect(200);
    let invitation = format!("/api/v1/people/{}/invitation", id(&made["person"]));
    let link = api.post(&invitation, &json!({})).await.expect(201).json();
    assert_eq!(secret_of(&text(&link, "url")), text(&link, "secret"));
    accept(api, &text(&link, "secret")).await.expect(200);
}
