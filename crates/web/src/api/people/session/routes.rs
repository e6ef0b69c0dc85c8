//! The routes to the session, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{SESSION, SessionBody, SignInInput, read, sign_in, sign_out};
use crate::api::people::person::PersonBody;
use crate::api::people::person::routes::TAG;
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented};
use crate::problem::Code;

pub(in crate::api::people) fn example() -> Value {
    json!({ "person": PersonBody::example(), "subject": "ada", "scopes": ["own"] })
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, SESSION, read, || {
            Described::new(TAG, "read_session", "Who am I", "With what the token or the session allows now.")
                .needs_anybody()
                .answers::<SessionBody<'_>>(200, "Who is acting.", example())
        }),
        Endpoint::new(Method::POST, SESSION, sign_in, || {
            let about = "By a password. The answer sets a cookie, which later requests send along. The request must come \
                         from a page of this service (`Sec-Fetch-Site: same-origin`, or `Origin`). After too many wrong \
                         passwords the answer is 429.";
            Described::new(TAG, "sign_in", "Sign in", about)
                .takes::<SignInInput>()
                .answers::<SessionBody<'_>>(200, "Who has signed in.", example())
                .with_header("Set-Cookie")
                .may(&[Code::SignInFailed, Code::CrossSite, Code::LocalPasswordsOff, Code::TooManyGuesses])
                .may(&[Code::MalformedHeader, Code::Unavailable])
        }),
        Endpoint::new(Method::DELETE, SESSION, sign_out, || {
            Described::new(TAG, "sign_out", "Sign out", "Ends the session of the cookie. A token stays as it is.")
                .needs_anybody()
                .empty(204, "Done.")
        }),
    ]
}
