//! The route to links, and what the document says of it.

use actix_web::http::Method;

use super::{AcceptInput, INVITATIONS, accept};
use crate::api::people::person::routes::TAG;
use crate::api::people::session::SessionBody;
use crate::api::people::session::routes::example;
use crate::endpoint::Endpoint;
use crate::openapi::Described;
use crate::problem::Code;

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![Endpoint::new(Method::POST, INVITATIONS, accept, || {
        let about = "Sets the password and signs in, once; all other sessions of the person end. The request must come from \
                     a page of this service, as for signing in.";
        Described::new(TAG, "accept_invitation", "Use a link", about)
            .takes::<AcceptInput>()
            .answers::<SessionBody<'_>>(200, "Who has signed in.", example())
            .with_header("Set-Cookie")
            .may(&[Code::LinkUnusable, Code::CrossSite, Code::LocalPasswordsOff])
            .may(&[Code::MalformedHeader, Code::Unavailable])
    })]
}
