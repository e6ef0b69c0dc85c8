//! Signing in through an OpenID provider, and acting with its tokens.
//!
//! The provider is npm's `oidc-provider`, which nobody here wrote. What no real provider would sign is signed by a
//! stand-in ([`forged`]).

mod browser;
mod forged;
mod provider;

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use self::browser::{Browser, parameter};
use self::provider::{HOME, Provider};
use super::answer::Answer;
use super::client::Client;
use super::service::Service;
use super::until::within;

const AUDIENCE: &str = "https://time.example.org/api";

/// The settings for this provider, and some more.
fn settings<'s>(provider: &'s Provider, more: &[(&'s str, &'s str)]) -> Vec<(&'s str, &'s str)> {
    let mut settings = vec![
        ("STINT_HTTP__PUBLIC_URL", HOME),
        ("STINT_OIDC__ISSUER", &provider.issuer),
        ("STINT_OIDC__CLIENT_ID", "stint"),
        ("STINT_OIDC__CLIENT_SECRET", "a secret: with & signs"),
        ("STINT_OIDC__SCOPES", "openid profile email groups"),
        ("STINT_OIDC__NAME", "Example & Co"),
    ];
    settings.extend_from_slice(more);
    settings
}

fn service(provider: &Provider, more: &[(&str, &str)]) -> Service {
    Service::on_sqlite_with(&settings(provider, more))
}

const MAKES_PEOPLE: (&str, &str) = ("STINT_OIDC__CREATE_PEOPLE", "true");

/// Fails unless the answer is a page with this code and text.
#[track_caller]
fn told(answer: &Answer, status: u16, code: &str, text: &str) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{answer}");
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{answer}");
    assert!(answer.text().contains(&format!("<code>{code}</code>")), "{answer}");
    assert!(answer.text().contains(&format!("role=\"alert\">{text}")), "{answer}");
}

/// The secret of a link that the command line prints.
fn secret_of(link: &str) -> String {
    link.trim_end().split_once("/welcome#").unwrap_or_else(|| panic!("no link: {link}")).1.to_owned()
}

fn invited(service: &Service, handle: &str, role: &str) -> String {
    secret_of(&service.run(&["person", "create", "--handle", handle, "--role", role]))
}

async fn with_password(service: &Service, handle: &str, role: &str) -> Browser {
    let mut browser = Browser::of(&service.api);
    let secret = invited(service, handle, role);
    let form = format!("secret={secret}&password=correct+horse+battery+staple");
    browser.post("/welcome", &form).await.expect(303);
    browser
}

/// The cookie is the strict one of an address with TLS, and ends with the session.
async fn a_first_sign_in_makes_a_person_and_the_next_ones_find_it(service: Service) {
    let mut ada = Browser::of(&service.api);
    let page = ada.get("/sign-in").await.expect(200);
    assert!(page.text().contains("href=\"/auth/oidc/start\">Sign in with Example &amp; Co</a>"), "{page}");
    let arrived = ada.sign_in("ada").await.expect(303);
    assert_eq!(arrived.header("location"), Some("/sign-in"));
    let cookies: Vec<_> = arrived.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, it)| it).collect();
    let session = cookies.iter().find(|it| it.starts_with("__Host-stint=stint_session_")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"), "{session}");
    assert!(cookies.iter().any(|it| it.starts_with("__Host-stint-oidc=; Path=/; Max-Age=0;")), "{cookies:?}");
    let session = ada.session().await;
    let person = &session["person"];
    assert_eq!(
        (&person["handle"], &person["name"], &person["email"], &person["role"], &session["scopes"]),
        (&json!("ada"), &json!("Person ada"), &json!("ada@example.org"), &json!("member"), &json!(["own"]))
    );
    let ends = ada.get("/api/v1/me/sessions").await.expect(200).json()["items"][0].clone();
    let hours = |name: &str| ends[name].as_str().unwrap()[11..13].parse::<u32>().unwrap();
    assert_eq!((hours("created_at") + 12) % 24, hours("expires_at"), "{ends}");

    let mut again = Browser::of(&service.api);
    again.sign_in("ada").await.expect(303);
    assert_eq!(again.session().await["person"]["id"], person["id"]);
    assert_ne!(again.cookies, ada.cookies);

    // Whoever signs in goes where they wanted, within this service.
    let url = again.leave("/auth/oidc/start?return_to=%2Fdocs%3Fx%3D1").await;
    let back = again.visit(&url, "ada").await;
    assert_eq!(again.get(&back).await.expect(303).header("location"), Some("/docs?x=1"));
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\nb", "/a;b"] {
        let encoded = utf8_percent_encode(elsewhere, NON_ALPHANUMERIC);
        let refused = again.get(&format!("/auth/oidc/start?return_to={encoded}")).await;
        assert_eq!(refused.blamed(), ["return_to"], "{elsewhere}");
    }
}

#[actix_web::test]
async fn a_first_sign_in_makes_a_person_and_the_next_ones_find_it_on_sqlite() {
    let provider = Provider::real("RS256");
    a_first_sign_in_makes_a_person_and_the_next_ones_find_it(service(&provider, &[MAKES_PEOPLE])).await;
}

#[actix_web::test]
async fn a_first_sign_in_makes_a_person_and_the_next_ones_find_it_on_postgres() {
    let provider = Provider::real("RS256");
    let service = Service::on_postgres_by(|address| address, &settings(&provider, &[MAKES_PEOPLE]));
    a_first_sign_in_makes_a_person_and_the_next_ones_find_it(service).await;
}

/// Only by the identity: neither the same handle nor the same address leads to an account.
#[actix_web::test]
async fn somebody_whom_nobody_linked_or_whose_handle_is_taken_is_told_so() {
    let provider = Provider::real("RS256");
    let closed = service(&provider, &[]);
    invited(&closed, "ada", "admin");
    let mut ada = Browser::of(&closed.api);
    told(&ada.sign_in("ada").await, 403, "not-linked", "Your account at the provider belongs to nobody here");
    assert_eq!(ada.handle().await, None);

    let open = service(&provider, &[MAKES_PEOPLE]);
    open.run(&["person", "create", "--handle", "ada", "--email", "ada@example.org", "--role", "admin"]);
    let mut ada = Browser::of(&open.api);
    told(&ada.sign_in("ada").await, 409, "handle-taken", "A person or a program here has your handle");
    let mut odd = Browser::of(&open.api);
    told(&odd.sign_in("a+b").await, 403, "no-handle", "The provider tells no name");
    assert_eq!((ada.handle().await, odd.handle().await), (None, None));
    let german = open.api.anonymous().get("/auth/oidc/callback").header("accept-language", "de");
    let german = german.header("accept", "text/html").await;
    told(&german, 400, "sign-in-unusable", "Diese Anmeldung wurde nicht in diesem Browser begonnen");
    open.api.anonymous().get("/auth/oidc/callback").await.expect_problem(400, "sign-in-unusable");
}

#[actix_web::test]
async fn an_invitation_links_the_account_at_the_provider_once() {
    let provider = Provider::real("ES256");
    let service = service(&provider, &[]);
    let secret = invited(&service, "lovelace", "manager");
    let mut ada = Browser::of(&service.api);
    let page = ada.get("/welcome").await.expect(200);
    assert!(page.text().contains("formaction=\"/auth/oidc/start\""), "{page}");
    let form = format!("secret={secret}&password=");
    let url = ada.leave_by_form(&form).await;
    let back = ada.visit(&url, "ada").await;
    ada.get(&back).await.expect(303);
    assert_eq!(ada.handle().await.as_deref(), Some("lovelace"));
    // It is used, here and at the other door.
    let mut eve = Browser::of(&service.api);
    let url = eve.leave_by_form(&form).await;
    let back = eve.visit(&url, "eve").await;
    told(&eve.get(&back).await, 410, "link-unusable", "This link is unknown, used or expired");
    let password = format!("secret={secret}&password=correct+horse+battery+staple");
    eve.post("/welcome", &password).await.expect(410);
    for bad in ["x", "stint_invitation_x"] {
        let refused = eve.post("/auth/oidc/start", &format!("secret={bad}")).await;
        told(&refused, 410, "link-unusable", "This link is unknown");
    }
    // From then on no link is needed.
    let mut again = Browser::of(&service.api);
    again.sign_in("ada").await.expect(303);
    assert_eq!(again.handle().await.as_deref(), Some("lovelace"));
}

#[actix_web::test]
async fn a_person_links_their_account_from_their_own_session_alone() {
    let provider = Provider::real("EdDSA");
    let service = service(&provider, &[]);
    let mut grace = with_password(&service, "grace", "viewer").await;
    let page = grace.get("/sign-in").await.expect(200);
    assert!(page.text().contains("Link this account with Example &amp; Co"), "{page}");
    // Another site's page cannot begin it, nor can somebody without a session.
    let foreign = service.api.anonymous().request("POST", "/auth/oidc/start").header("sec-fetch-site", "cross-site");
    grace.send(foreign).await.expect(403);
    let mut nobody = Browser::of(&service.api);
    told(&nobody.post("/auth/oidc/start", "").await, 401, "unauthorized", "To link an account you must be signed in");

    let url = grace.leave_by_form("").await;
    let back = grace.visit(&url, "hopper").await;
    // Not in another session, even if its browser has all that the first one kept.
    let mut eve = with_password(&service, "eve", "viewer").await;
    eve.cookies.extend(grace.cookies.clone().into_iter().filter(|(name, _)| name == "__Host-stint-oidc"));
    told(&eve.get(&back).await, 400, "sign-in-unusable", "This sign-in was not begun in this browser");
    let session = grace.cookies["__Host-stint"].clone();
    assert_eq!(grace.get(&back).await.expect(303).header("location"), Some("/sign-in"));
    assert_eq!(grace.cookies["__Host-stint"], session, "the session is the same");

    let mut hopper = Browser::of(&service.api);
    hopper.sign_in("hopper").await.expect(303);
    assert_eq!(hopper.handle().await.as_deref(), Some("grace"));
    // It is hers, and nobody else can take it.
    let url = eve.leave_by_form("").await;
    let back = eve.visit(&url, "hopper").await;
    told(&eve.get(&back).await, 409, "identity-taken", "This account at the provider belongs to another person");
}

#[actix_web::test]
async fn a_sign_in_works_once_in_the_browser_that_began_it() {
    let provider = Provider::real("RS256");
    let service = service(&provider, &[MAKES_PEOPLE]);
    let unusable =
        |answer: &Answer| told(answer, 400, "sign-in-unusable", "This sign-in was not begun in this browser");
    let mut ada = Browser::of(&service.api);
    let url = ada.leave("/auth/oidc/start").await;
    let back = ada.visit(&url, "ada").await;
    // Another browser, without and with a sign-in of its own.
    let mut eve = Browser::of(&service.api);
    unusable(&eve.get(&back).await);
    eve.leave("/auth/oidc/start").await;
    unusable(&eve.get(&back).await);
    // Another state, and none.
    let kept = ada.clone();
    let state = parameter(&back, "state").to_owned();
    unusable(&ada.get(&back.replace(&state, &"x".repeat(state.len()))).await);
    ada = kept.clone();
    unusable(&ada.get("/auth/oidc/callback?code=x").await);
    // An older moment in what the browser kept.
    let (name, value) = kept.cookies.iter().next().unwrap();
    assert_eq!(name, "__Host-stint-oidc");
    let (seconds, rest) = value.split_once('.').unwrap();
    let began: u64 = seconds.parse().unwrap();
    for other in [began - 601, began + 601] {
        let mut old = kept.clone();
        old.cookies.insert(name.clone(), format!("{other}.{rest}"));
        unusable(&old.get(&back).await);
    }
    ada = kept.clone();
    ada.get(&back).await.expect(303);
    // Used, in the same browser, as it was and with a new code.
    let mut again = kept.clone();
    told(&again.get(&back).await, 403, "provider-refused", "The provider did not let you in");
    let mut again = kept.clone();
    let back = again.visit(&url, "ada").await;
    unusable(&again.get(&back).await);
    // Whoever cancels is told so.
    let mut cancelled = Browser::of(&service.api);
    let url = cancelled.leave("/auth/oidc/start").await;
    let state = parameter(&url, "state");
    let refused = cancelled.get(&format!("/auth/oidc/callback?error=access_denied&state={state}")).await;
    told(&refused, 403, "provider-refused", "The provider did not let you in, or you cancelled.");
}

#[actix_web::test]
async fn the_table_gives_roles_at_each_sign_in_and_spares_the_last_admin() {
    let provider = Provider::real("RS256");
    let table = [
        MAKES_PEOPLE,
        ("STINT_OIDC__ROLE_CLAIM", "groups"),
        ("STINT_OIDC__ROLES", "bosses=admin; cn=staff,ou=x=viewer"),
    ];
    let service = service(&provider, &table);
    let groups = async |name: &str, groups: &str| {
        provider.ask(&format!("/control/groups?sub={name}&groups={groups}")).await;
    };
    let mut ada = Browser::of(&service.api);
    told(&ada.sign_in("ada").await, 403, "no-role", "Your account at the provider has no role here");
    groups("ada", "others,bosses").await;
    ada.sign_in("ada").await.expect(303);
    assert_eq!(ada.session().await["scopes"], json!(["admin"]));
    // She is the only one.
    groups("ada", "nothing").await;
    told(&ada.sign_in("ada").await, 403, "no-role", "Your account");
    groups("ada", "staff").await;
    told(&ada.sign_in("ada").await, 403, "no-role", "Your account");
    assert_eq!(ada.session().await["scopes"], json!(["admin"]), "her session goes on");
    groups("bob", "bosses").await;
    let mut bob = Browser::of(&service.api);
    bob.sign_in("bob").await.expect(303);
    service.run(&["person", "role", "ada", "member"]);
    let table = [("STINT_OIDC__ROLES", "bosses=admin; staff=viewer")];
    let service = table.iter().fold(service, |service, (name, value)| service.set(name, value));
    let (mut ada, mut bob) = (Browser::of(&service.api), Browser::of(&service.api));
    groups("bob", "staff").await;
    told(&bob.sign_in("bob").await, 409, "last-admin", "The provider gives you a role that is no admin's");
    assert_eq!(bob.handle().await, None);
    groups("ada", "bosses").await;
    ada.sign_in("ada").await.expect(303);
    assert_eq!(ada.session().await["scopes"], json!(["admin"]));
    bob.sign_in("bob").await.expect(303);
    assert_eq!(bob.session().await["scopes"], json!(["read"]));
}

#[actix_web::test]
async fn a_deactivated_person_is_neither_signed_in_nor_served() {
    let provider = Provider::real("RS256");
    let service = service(&provider, &[MAKES_PEOPLE, ("STINT_OIDC__BEARER_AUDIENCE", AUDIENCE)]);
    let mut ada = Browser::of(&service.api);
    ada.sign_in("ada").await.expect(303);
    let bearer = bearer(&provider, &service.api, "ada").await;
    bearer.get("/api/v1/me").await.expect(200);
    service.run(&["person", "deactivate", "ada"]);
    bearer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    within(Duration::from_secs(5), "the session has ended", async || {
        ada.clone().handle().await.is_none().then_some(())
    })
    .await;
    told(&ada.sign_in("ada").await, 409, "person-deactivated", "Your account here is deactivated");
    service.run(&["person", "activate", "ada"]);
    ada.sign_in("ada").await.expect(303);
    bearer.get("/api/v1/me").await.expect(200);
}

/// A client with a token of the provider.
async fn bearer(provider: &Provider, client: &Client, name: &str) -> Client {
    let issued = provider.ask(&format!("/control/token?sub={name}&audience={AUDIENCE}")).await;
    client.with_token(issued["token"].as_str().unwrap())
}

#[actix_web::test]
async fn a_token_of_the_provider_acts_as_the_person_to_whom_it_belongs() {
    let provider = Provider::real("ES256");
    let service = service(&provider, &[("STINT_OIDC__BEARER_AUDIENCE", AUDIENCE)]);
    let mut ada = with_password(&service, "ada", "member").await;
    let ours = bearer(&provider, &service.api, "lovelace").await;
    ours.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let url = ada.leave_by_form("").await;
    let back = ada.visit(&url, "lovelace").await;
    ada.get(&back).await.expect(303);

    let told = ours.get("/api/v1/session").await.expect(200).json();
    assert_eq!((&told["person"]["handle"], &told["scopes"]), (&json!("ada"), &json!(["own"])));
    let job = service.api.new_job("Research").await;
    let entry = json!({ "related_job": job, "minutes_worked": 30, "date_stamp": "2026-11-30" });
    let made = ours.post("/time-entries/batch", &json!({ "mode": "atomic", "items": [entry] })).await.expect(201);
    assert_eq!(made.json()["results"][0]["time_entry"]["created_by"], "ada");
    ours.post("/jobs", &json!({ "name": "x" })).await.expect_problem(403, "forbidden");
    // It needs no page to come from, makes tokens that do not end with it, and ends no session.
    let token = ours.post("/api/v1/tokens", &json!({ "name": "mine", "scopes": ["own"] })).await.expect(201).json();
    let mine = service.api.with_token(token["secret"].as_str().unwrap());
    mine.get("/api/v1/me").await.expect(200);
    ours.delete("/api/v1/session").await.expect(204);
    assert_eq!(ada.handle().await.as_deref(), Some("ada"));
    // Another role holds at once.
    service.run(&["person", "role", "ada", "manager"]);
    ours.post("/jobs", &json!({ "name": "x" })).await.expect(201);

    // A new key is fetched when it is first seen; the old one is gone then.
    provider.ask("/control/rotate").await;
    bearer(&provider, &service.api, "lovelace").await.get("/api/v1/me").await.expect(200);
    ours.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let mut again = Browser::of(&service.api);
    again.sign_in("lovelace").await.expect(303);
    let closed = self::service(&provider, &[]);
    let elsewhere = bearer(&provider, &closed.api, "lovelace").await;
    elsewhere.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn without_passwords_people_sign_in_through_the_provider_alone() {
    let provider = Provider::real("RS256");
    let service = service(&provider, &[("STINT_PEOPLE__LOCAL_PASSWORDS", "false")]);
    let secret = invited(&service, "ada", "member");
    let mut ada = Browser::of(&service.api);
    for page in ["/sign-in", "/welcome"] {
        let page = ada.get(page).await.expect(200);
        assert!(!page.text().contains("password") && page.text().contains("Sign in with Example"), "{page}");
    }
    let password = "correct horse battery staple";
    let same = |request: super::client::Request| request.header("sec-fetch-site", "same-origin");
    let api = service.api.anonymous();
    let refused = same(api.post("/api/v1/session", &json!({ "handle": "ada", "password": password }))).await;
    refused.expect_problem(403, "local-passwords-off");
    let refused = same(api.post("/api/v1/invitations", &json!({ "secret": secret, "password": password }))).await;
    refused.expect_problem(403, "local-passwords-off");
    for (target, form) in
        [("/sign-in", "handle=ada&password=x"), ("/welcome", "secret=x&password=correct+horse+battery")]
    {
        let page = ada.post(target, form).await.expect(403);
        assert!(page.text().contains("Nobody has a password here"), "{page}");
    }
    let url = ada.leave_by_form(&format!("secret={secret}")).await;
    let back = ada.visit(&url, "ada").await;
    ada.get(&back).await.expect(303);
    let passwords = json!({ "old_password": "x", "new_password": password });
    let request = same(service.api.anonymous().put("/api/v1/me/password", &passwords));
    ada.send(request).await.expect_problem(403, "local-passwords-off");

    // Signing out offers to sign out at the provider, too.
    let page = ada.post("/sign-out", "").await.expect(200);
    assert!(page.text().contains(&format!("href=\"{}/session/end?client_id=stint&amp;", provider.issuer)), "{page}");
    assert_eq!(ada.handle().await, None);
}
