//! People: links, passwords, sessions, roles, and what ends them.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::client::{Client, Request};
use super::ledger::{entry, id, text};
use super::service::{Service, on_both_databases};
use super::until::within;

on_both_databases!(
    a_link_sets_a_password_and_signs_in_once,
    a_password_signs_in_and_says_nothing_of_who_there_is,
    a_session_may_what_its_person_may_and_no_page_of_another_site_uses_it,
    each_door_takes_its_own_secrets,
    a_role_holds_and_a_deactivation_ends_everything_within_five_seconds,
    the_last_admin_stays_though_two_demote_each_other,
    people_make_tokens_that_allow_no_more_than_they_may,
    a_new_password_ends_the_other_sessions,
    wrong_passwords_are_bounded_and_lock_out_nobody_who_was_signed_in,
    bad_input_names_its_field_and_stores_nothing,
    handles_and_subjects_are_one_name_space,
    the_forms_sign_in_without_scripts_and_say_what_is_wrong,
);

const PASSWORD: &str = "correct horse battery staple";

/// A person's browser: it sends its cookie, and requests that come from a page of the service.
struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    fn of(answer: &Answer, client: &Client) -> Self {
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer}"));
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        Self { client: client.anonymous(), cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    fn sends(&self, request: Request) -> Request {
        from_page(request.header("cookie", self.cookie.as_str()))
    }

    fn get(&self, target: &str) -> Request {
        self.sends(self.client.get(target))
    }

    fn post(&self, target: &str, body: &Value) -> Request {
        self.sends(self.client.post(target, body))
    }

    fn secret(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }
}

/// As a browser sends it from a page of the service.
fn from_page(request: Request) -> Request {
    request.header("sec-fetch-site", "same-origin")
}

/// The secret of a link that the command line prints.
fn secret_of(link: &str) -> String {
    let secret = link.trim_end().split_once("/welcome#").unwrap_or_else(|| panic!("no link: {link}")).1;
    assert!(secret.starts_with("stint_invitation_"), "{link}");
    secret.to_owned()
}

fn invited(service: &Service, handle: &str, role: &str) -> String {
    secret_of(&service.run(&["person", "create", "--handle", handle, "--role", role]))
}

async fn accept(client: &Client, secret: &str) -> Answer {
    from_page(client.anonymous().post("/api/v1/invitations", &json!({ "secret": secret, "password": PASSWORD }))).await
}

/// A new person who has signed in.
async fn person(service: &Service, handle: &str, role: &str) -> Browser {
    let secret = invited(service, handle, role);
    Browser::of(&accept(&service.api, &secret).await.expect(200), &service.api)
}

fn sign_in(client: &Client, handle: &str, password: &str) -> Request {
    from_page(client.anonymous().post("/api/v1/session", &json!({ "handle": handle, "password": password })))
}

async fn id_of(api: &Client, handle: &str) -> String {
    let people = api.get("/api/v1/people?limit=200").await.expect(200).json();
    id(people["items"].as_array().unwrap().iter().find(|person| person["handle"] == handle).unwrap())
}

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

async fn each_door_takes_its_own_secrets(service: Service) {
    let api = &service.api;
    let ada = person(&service, "ada", "admin").await;
    let invitation = invited(&service, "eve", "member");
    let job = api.new_job("Research").await;
    let capture = ada.post(&format!("/jobs/{job}/capture-tokens"), &json!({ "name": "door" })).await.expect(201);
    let capture = text(&capture.json(), "secret");
    let made = json!({ "name": "laptop", "scopes": ["admin"] });
    let token = text(&ada.post("/api/v1/tokens", &made).await.expect(201).json(), "secret");
    let cookie = |secret: &str| api.anonymous().get("/api/v1/session").header("cookie", format!("stint={secret}"));
    for secret in [&invitation, &capture, &token] {
        cookie(secret).await.expect_problem(401, "unauthorized");
    }
    cookie(ada.secret()).await.expect(200);
    for secret in [&invitation, ada.secret()] {
        api.with_token(secret).get("/jobs").await.expect_problem(401, "unauthorized");
        api.anonymous().get(format!("/ping/{secret}")).await.expect(404);
    }
    // A capture token is no stranger here, but may do nothing.
    api.with_token(&capture).get("/jobs").await.expect_problem(403, "forbidden");
    api.with_token(&token).get("/jobs").await.expect(200);
    for secret in [ada.secret(), &capture, &token] {
        accept(api, secret).await.expect_problem(410, "link-unusable");
    }
    accept(api, &invitation).await.expect(200);
}

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

async fn the_forms_sign_in_without_scripts_and_say_what_is_wrong(service: Service) {
    let api = service.api.anonymous();
    let form = |path: &str, fields: &str| {
        from_page(api.request("POST", path)).body("application/x-www-form-urlencoded", fields)
    };
    for (language, title) in [("en", "<title>Sign in – Stint</title>"), ("de", "<title>Anmelden – Stint</title>")] {
        let page = api.get("/sign-in").header("accept-language", language).await.expect(200);
        assert!(page.text().contains(title), "{page}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'"),
            "{page}"
        );
    }
    let secret = invited(&service, "ada", "member");
    let told =
        |answer: &Answer, text: &str| assert!(answer.text().contains(&format!("role=\"alert\">{text}")), "{answer}");
    told(&form("/welcome", &format!("secret={secret}&password=short")).await.expect(400), "The password must have");
    told(
        &form("/welcome", &format!("secret={secret}&password=password123")).await.expect(400),
        "This password is too easy",
    );
    let good = format!("secret={secret}&password=correct+horse+battery%20staple");
    let elsewhere = form("/welcome", &good).header("sec-fetch-site", "cross-site").await.expect(403);
    told(&elsewhere, "The form must be sent from this page");
    let done = form("/welcome", &good).await.expect(303);
    assert_eq!(done.header("location"), Some("/sign-in"));
    let ada = Browser::of(&done, &api);
    let page = ada.get("/sign-in").await.expect(200);
    assert!(page.text().contains("You are signed in as <strong>ada</strong>"), "{page}");
    told(&form("/welcome", &good).await.expect(410), "This link is unknown, used or expired");
    // Outside development no password means no sign-in.
    let again = secret_of(&service.run(&["person", "invite", "ada"]));
    told(&form("/welcome", &format!("secret={again}&password=")).await.expect(400), "The password must have");

    ada.sends(form("/sign-out", "")).await.expect(303);
    ada.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let wrong = form("/sign-in", "handle=%3Cb%3Eada&password=wrong").await.expect(401);
    told(&wrong, "The handle or the password is wrong.");
    assert!(wrong.text().contains("value=\"&lt;b&gt;ada\"") && wrong.header("set-cookie").is_none(), "{wrong}");
    let signed_in = form("/sign-in", "handle=ADA&password=correct%20horse%20battery%20staple").await.expect(303);
    Browser::of(&signed_in, &api).get("/api/v1/me").await.expect(200);
    for broken in ["handle=ada&password=%zz", "handle=%ff"] {
        told(&form("/sign-in", broken).await.expect(400), "What was sent is not this form.");
    }
    let json = from_page(api.post("/sign-in", &json!({ "handle": "ada" }))).await.expect(400);
    told(&json, "What was sent is not this form.");
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
