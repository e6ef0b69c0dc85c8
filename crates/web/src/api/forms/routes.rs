//! The routes to the pages for signing in, and what the document says of them.

use actix_web::http::Method;

use super::{SIGN_IN, SIGN_OUT, WELCOME_PAGE, script, sign_in, sign_in_page, sign_out, style, welcome, welcome_page};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, text};
use crate::problem::Code;

pub(super) const TAG: &str = "Pages";
const HTML: &str = "text/html; charset=utf-8";

pub(super) fn page(described: Described, status: u16, about: &str) -> Described {
    described.answers_as(status, about, HTML, text(), None)
}

/// A form that leads on, or comes again with what is wrong.
fn form(described: Described, wrong: &[(u16, &str)]) -> Described {
    let described = wrong.iter().fold(described, |described, (status, about)| page(described, *status, about));
    page(described, 403, "The form again: it was not sent from a page of this service.")
        .empty(303, "Done; `/sign-in` says who has signed in.")
        .with_header("Location")
        .with_header("Set-Cookie")
        .may(&[Code::BodyTooLarge, Code::RequestTimeout, Code::Unavailable])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    let mut all = of_forms();
    all.extend(super::provider::routes::all());
    all
}

fn of_forms() -> Vec<Endpoint> {
    const NO_FORM: (u16, &str) =
        (400, "The form again: what was sent is not the form, or the new password is not good.");
    vec![
        Endpoint::new(Method::GET, SIGN_IN, sign_in_page, || {
            let about = "A form that works without scripts, in English or German. For somebody who has signed in it says \
                         who they are.";
            page(Described::new(TAG, "sign_in_page", "The page for signing in", about), 200, "The page.")
        }),
        Endpoint::new(Method::POST, SIGN_IN, sign_in, || {
            let about = "The form of the page: `handle` and `password`, as `application/x-www-form-urlencoded`. Programs use \
                         `POST /api/v1/session`.";
            let wrong =
                [NO_FORM, (401, "The form again: the handle or the password is wrong."), (429, "The form again.")];
            form(Described::new(TAG, "sign_in_form", "Sign in by the form", about), &wrong)
        }),
        Endpoint::new(Method::POST, SIGN_OUT, sign_out, || {
            let described =
                Described::new(TAG, "sign_out_form", "Sign out by the form", "Ends the session of the cookie.");
            let described = page(described, 200, "Done; the page leads to the provider, to sign out there, too.");
            form(described, &[])
        }),
        Endpoint::new(Method::GET, WELCOME_PAGE, welcome_page, || {
            let about = "Where links lead. The secret is the fragment of the link, which no server sees: a script moves it \
                         into the form, and without scripts it is pasted.";
            page(Described::new(TAG, "welcome_page", "The page for links", about), 200, "The page.")
        }),
        Endpoint::new(Method::POST, WELCOME_PAGE, welcome, || {
            let about = "The form of the page: `secret` and `password`, as `application/x-www-form-urlencoded`. Programs use \
                         `POST /api/v1/invitations`.";
            let wrong = [NO_FORM, (410, "The form again: the link cannot be used.")];
            form(Described::new(TAG, "welcome_form", "Use a link by the form", about), &wrong)
        }),
        Endpoint::new(Method::GET, "/forms.css", style, || {
            let described = Described::new(TAG, "forms_style", "The style of the pages", "Of this service alone.");
            described.answers_as(200, "The style.", "text/css; charset=utf-8", text(), None)
        }),
        Endpoint::new(Method::GET, "/welcome.js", script, || {
            let described = Described::new(TAG, "welcome_script", "The script of the page for links", "A few lines.");
            described.answers_as(200, "The script.", "text/javascript; charset=utf-8", text(), None)
        }),
    ]
}
