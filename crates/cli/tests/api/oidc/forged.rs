//! What no provider would sign, and providers that fail. The provider is a stand-in: the code that it redeems is the
//! plan of the identity token itself.

use base64_of::encoded;
use serde_json::{Value, json};

use super::browser::{Browser, parameter};
use super::provider::{HOME, Provider};
use super::{AUDIENCE, told};
use crate::api::answer::Answer;
use crate::api::service::Service;
use crate::support::until;

/// What goes into a URL.
mod base64_of {
    /// Base64url without padding (RFC 4648, section 5).
    pub(super) fn encoded(text: &str) -> String {
        const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for three in text.as_bytes().chunks(3) {
            let at = |place: usize| u32::from(three.get(place).copied().unwrap_or_default());
            let bits = at(0) << 16 | at(1) << 8 | at(2);
            for place in 0..=three.len() {
                out.push(char::from(SIGNS[(bits >> (18 - 6 * place) & 63) as usize]));
            }
        }
        out
    }
}

fn service(provider: &Provider) -> Service {
    Service::on_sqlite_with(&[
        ("STINT_HTTP__PUBLIC_URL", HOME),
        ("STINT_OIDC__ISSUER", &provider.issuer),
        ("STINT_OIDC__CLIENT_ID", "stint"),
        ("STINT_OIDC__CLIENT_SECRET", "hunter2"),
        ("STINT_OIDC__CREATE_PEOPLE", "true"),
        ("STINT_OIDC__BEARER_AUDIENCE", AUDIENCE),
    ])
}

/// Signs in with the identity token of this plan. Unless it says something else, its nonce is the one that was asked
/// for.
async fn sign_in(service: &Service, mut plan: Value) -> (Browser, Answer) {
    let mut browser = Browser::of(&service.api);
    let url = browser.leave("/auth/oidc/start").await;
    let (state, nonce) = (parameter(&url, "state"), parameter(&url, "nonce"));
    if plan["claims"].get("nonce").is_none() {
        plan["claims"]["nonce"] = nonce.into();
    }
    if plan["claims"].get("preferred_username").is_none() {
        plan["claims"]["preferred_username"] = "ada".into();
    }
    let answer = browser.get(&format!("/auth/oidc/callback?code={}&state={state}", encoded(&plan.to_string()))).await;
    (browser, answer)
}

/// A token of the provider for the API, with these claims beside its audience.
async fn minted(provider: &Provider, mut plan: Value) -> String {
    if plan["claims"].get("aud").is_none() {
        plan["claims"]["aud"] = AUDIENCE.into();
    }
    let minted = provider.ask(&format!("/mint?plan={}", encoded(&plan.to_string()))).await;
    minted["token"].as_str().unwrap().to_owned()
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

#[actix_web::test]
async fn an_identity_token_must_be_signed_by_the_provider_for_this_sign_in() {
    let provider = Provider::stand_in(0);
    let service = service(&provider);
    for alg in ["RS256", "ES256", "EdDSA"] {
        let (mut browser, answer) = sign_in(&service, json!({ "alg": alg })).await;
        answer.expect(303);
        assert_eq!(browser.handle().await.as_deref(), Some("ada"), "{alg}");
    }
    let far = json!({ "exp": now() - 30, "iat": now() + 30, "nbf": now() + 30 });
    sign_in(&service, json!({ "claims": far })).await.1.expect(303);
    for forged in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS512" }),
        json!({ "header": { "alg": "none" } }),
        json!({ "header": { "alg": "ES256" } }),
        json!({ "header": { "kid": "first-ES256" } }),
        json!({ "header": { "crit": ["b64"] } }),
        json!({ "key": "never" }),
        json!({ "key": "never", "header": { "kid": "first-RS256" } }),
        json!({ "claims": { "iss": "https://id.example.org" } }),
        json!({ "claims": { "aud": "other" } }),
        json!({ "claims": { "aud": AUDIENCE } }),
        json!({ "claims": { "aud": ["stint", "other"], "azp": "other" } }),
        json!({ "claims": { "exp": now() - 120 } }),
        json!({ "claims": { "exp": null } }),
        json!({ "claims": { "exp": "never" } }),
        json!({ "claims": { "iat": now() + 120 } }),
        json!({ "claims": { "nbf": now() + 120 } }),
        json!({ "claims": { "nonce": "another" } }),
        json!({ "claims": { "nonce": null } }),
        json!({ "claims": { "sub": "" } }),
        json!({ "claims": { "sub": "a\u{0}" } }),
        json!({ "claims": { "sub": 7 } }),
    ] {
        let (mut browser, answer) = sign_in(&service, forged.clone()).await;
        assert_eq!(answer.status, 502, "{forged}: {answer}");
        told(&answer, 502, "provider-invalid", "The provider's answer is not valid");
        assert_eq!(browser.handle().await, None, "{forged}");
    }
}

#[actix_web::test]
async fn a_token_for_the_api_must_be_signed_by_the_provider_for_this_service() {
    let provider = Provider::stand_in(0);
    let service = service(&provider);
    sign_in(&service, json!({})).await.1.expect(303);
    for alg in ["RS256", "ES256", "EdDSA"] {
        let token = minted(&provider, json!({ "alg": alg })).await;
        service.api.with_token(token).get("/api/v1/me").await.expect(200);
    }
    for forged in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "key": "never" }),
        json!({ "claims": { "aud": "stint" } }),
        json!({ "claims": { "iss": "https://id.example.org" } }),
        json!({ "claims": { "exp": now() - 120 } }),
        json!({ "claims": { "nbf": now() + 120 } }),
        json!({ "claims": { "sub": "bob" } }),
    ] {
        let token = minted(&provider, forged.clone()).await;
        let refused = service.api.with_token(token.clone()).get("/api/v1/me").await;
        assert!(!refused.text().contains(&token), "{refused}");
        refused.expect_problem(401, "unauthorized");
    }
    let good = minted(&provider, json!({})).await;
    let (head, signature) = good.rsplit_once('.').unwrap();
    for changed in
        [format!("{head}."), format!("{head}.{}", signature.replace(['A', 'B', 'C'], "D")), format!("{good}A")]
    {
        service.api.with_token(changed).get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    for no_jwt in ["a.b.c", "..", "eyJ.eyJ.eyJ", "stint_a.b.c"] {
        service.api.with_token(no_jwt).get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
}

/// A new key is fetched at once, but whoever makes keys up cannot make this service fetch again and again.
#[actix_web::test]
async fn a_rotated_key_is_found_and_unknown_ones_are_looked_for_once_a_minute() {
    let provider = Provider::stand_in(0);
    let service = service(&provider);
    sign_in(&service, json!({})).await.1.expect(303);
    provider.ask("/publish?keys=second").await;
    sign_in(&service, json!({ "key": "second" })).await.1.expect(303);
    let (_, answer) = sign_in(&service, json!({ "key": "first" })).await;
    told(&answer, 502, "provider-invalid", "The provider's answer is not valid");
    let fetches = provider.ask("/count").await["fetches"].clone();
    assert_eq!(fetches, 2);
    for number in 0..20 {
        let plan = json!({ "key": "never", "header": { "kid": format!("made up {number}") } });
        let token = minted(&provider, plan).await;
        service.api.with_token(token).get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    assert_eq!(provider.ask("/count").await["fetches"], fetches);
}

#[actix_web::test]
async fn a_provider_that_is_down_or_fails_is_a_clear_problem_and_others_work_on() {
    let provider = Provider::stand_in(0);
    let port = provider.port();
    let service = service(&provider);
    let token = minted(&provider, json!({})).await;
    drop(provider);
    // Nothing is known of it yet.
    let mut browser = Browser::of(&service.api);
    let down = browser.get("/auth/oidc/start").await;
    told(&down, 503, "provider-unavailable", "The provider cannot be reached at the moment");
    let bearer = service.api.with_token(token.clone());
    bearer.get("/api/v1/me").await.expect_problem(503, "provider-unavailable");
    service.api.get("/api/v1/session").await.expect(200);
    browser.get("/sign-in").await.expect(200);
    browser.post("/sign-out", "").await.expect(303);

    let provider = Provider::stand_in(port);
    // For two seconds it is not asked again.
    let mut is_up = false;
    let end = std::time::Instant::now() + crate::support::PATIENCE;
    while !is_up && std::time::Instant::now() < end {
        is_up = browser.get("/auth/oidc/start").await.status == 303;
    }
    assert!(is_up, "the provider is found again");
    // Its keys are others now; the old token is no good any more.
    bearer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    sign_in(&service, json!({})).await.1.expect(303);
    let refused = sign_in(&service, json!({ "status": 400, "error": "invalid_grant" })).await.1;
    told(&refused, 403, "provider-refused", "The provider did not let you in");
    let refused = sign_in(&service, json!({ "status": 401, "error": "invalid_client" })).await.1;
    told(&refused, 502, "provider-invalid", "The provider's answer is not valid");
    let failed = sign_in(&service, json!({ "status": 500 })).await.1;
    told(&failed, 503, "provider-unavailable", "The provider cannot be reached");

    // What is known of it is enough for its tokens, and for sending people there.
    let token = minted(&provider, json!({})).await;
    drop(provider);
    service.api.with_token(token).get("/api/v1/me").await.expect(200);
    let mut browser = Browser::of(&service.api);
    let url = browser.leave("/auth/oidc/start").await;
    let code = format!("/auth/oidc/callback?code=x&state={}", parameter(&url, "state"));
    told(&browser.get(&code).await, 503, "provider-unavailable", "The provider cannot be reached");
    until("the port is free", || std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
}

/// The provider's own word on who it is (RFC 9207).
#[actix_web::test]
async fn an_answer_of_another_provider_is_not_taken() {
    let provider = Provider::stand_in(0);
    let service = service(&provider);
    for (issuer, status) in [("https%3A%2F%2Fevil.example", 502), (provider.issuer.as_str(), 303)] {
        let mut browser = Browser::of(&service.api);
        let url = browser.leave("/auth/oidc/start").await;
        let claims = json!({ "nonce": parameter(&url, "nonce"), "preferred_username": "ada" });
        let code = encoded(&json!({ "claims": claims }).to_string());
        let state = parameter(&url, "state");
        browser.get(&format!("/auth/oidc/callback?code={code}&state={state}&iss={issuer}&x=y")).await.expect(status);
    }
}
