//! The pages for signing in and for links.

use serde_json::json;

use super::{Browser, from_page, invited, secret_of};
use crate::api::answer::Answer;
use crate::api::service::{Service, on_both_databases};

on_both_databases!(the_forms_sign_in_without_scripts_and_say_what_is_wrong,);

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
