//! The routes to the provider and back, and what the document says of them.

use actix_web::http::Method;

use super::{CALLBACK, LONGEST, START, callback, start, start_form};
use crate::api::forms::routes::{TAG, page};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, text};
use crate::problem::Code;

/// A path of this service, if it has no base path.
const OWN_PATH: &str = r"^/([A-Za-z0-9._~?=&%+:@!$'()*-][A-Za-z0-9._~/?=&%+:@!$'()*-]*)?$";

/// What may go wrong on the way to the provider, as a page.
fn on_the_way(described: Described) -> Described {
    let described = page(described, 502, "A page: the provider's answer is not valid (`provider-invalid`).");
    page(described, 503, "A page: the provider cannot be reached (`provider-unavailable`).").may(&[
        Code::NotFound,
        Code::Unavailable,
        Code::ProviderInvalid,
        Code::ProviderUnavailable,
    ])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, START, start, || {
            let about = "Leads a browser to the provider of the settings (OpenID Connect; authorization code with \
                         PKCE). 404 if there is none.";
            let path = text().pattern(Some(OWN_PATH)).max_length(Some(LONGEST));
            let described = Described::new(TAG, "provider_start", "Sign in through the provider", about)
                .query("return_to", "A path of this service, to which the browser comes in the end.", path)
                .empty(303, "To the provider.")
                .with_header("Location")
                .with_header("Set-Cookie");
            on_the_way(described)
        }),
        Endpoint::new(Method::POST, START, start_form, || {
            let about = "A form of this service's pages: `secret`, as `application/x-www-form-urlencoded`. With the \
                         secret of a link it links the account at the provider to the link's person, and uses the \
                         link. Without, it links it to the account of the session.";
            let described =
                Described::new(TAG, "provider_start_form", "Use a link, or link an account, at the provider", about);
            let described = page(described, 200, "A page that leads on to the provider.").with_header("Set-Cookie");
            let described = page(described, 401, "A page: nobody is signed in, and there is no secret.");
            let described = page(described, 403, "A page: the form was not sent from a page of this service.");
            let described = page(described, 410, "A page: the link cannot be used.");
            on_the_way(described)
                .may(&[Code::BodyTooLarge, Code::RequestTimeout])
                .may(&[Code::Unauthorized, Code::LinkUnusable])
        }),
        Endpoint::new(Method::GET, CALLBACK, callback, || {
            let about = "Where the provider sends browsers back to. It takes `state` and `code`, or `error`, and \
                         ignores what else the provider sends. The browser must have begun the sign-in, at most ten \
                         minutes ago, and can use it once.";
            let described = Described::new(TAG, "provider_callback", "Come back from the provider", about)
                .query("state", "What the provider got.", text())
                .query("code", "The provider's code.", text())
                .query("error", "The provider's reason for letting nobody in.", text())
                .empty(303, "Signed in, or linked; on to `return_to`.")
                .with_header("Location")
                .with_header("Set-Cookie");
            let described =
                page(described, 400, "A page: the sign-in was not begun here, or is used up (`sign-in-unusable`).");
            let described =
                page(described, 401, "A page: whoever wanted to link an account is not signed in any more.");
            let about = "A page: `provider-refused`, `not-linked`, `no-role` or `no-handle`.";
            let described = page(described, 403, about);
            let about = "A page: `identity-taken`, `handle-taken`, `last-admin` or `person-deactivated`.";
            let described = page(described, 409, about);
            on_the_way(page(described, 410, "A page: the link cannot be used."))
                .may(&[Code::SignInUnusable, Code::Unauthorized, Code::LinkUnusable])
                .may(&[Code::ProviderRefused, Code::NotLinked, Code::NoRole, Code::NoHandle])
                .may(&[Code::IdentityTaken, Code::HandleTaken, Code::LastAdmin, Code::PersonDeactivated])
        }),
    ]
}
