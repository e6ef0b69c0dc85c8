//! The routes to one's own account, and what the document says of them.

use actix_web::http::Method;

use super::{AccountPatch, ME, PasswordInput, change_password, patch, read};
use crate::api::people::person::PersonBody;
use crate::api::people::person::routes::TAG;
use crate::endpoint::Endpoint;
use crate::openapi::Described;
use crate::problem::Code;

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const PASSWORD: &str = "/api/v1/me/password";
    vec![
        Endpoint::new(Method::GET, ME, read, || {
            Described::new(TAG, "read_me", "Read your account", "As of its last committed write.")
                .reads_own::<PersonBody<'_>>()
        }),
        Endpoint::new(Method::PATCH, ME, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay. The role is an admin's to change.";
            Described::new(TAG, "patch_me", "Change your account", about)
                .patches_as::<AccountPatch, PersonBody<'_>>(None)
        }),
        Endpoint::new(Method::PUT, PASSWORD, change_password, || {
            let about = "Ends all your other sessions. Tokens stay as they are.";
            Described::new(TAG, "change_password", "Change your password", about)
                .needs_anybody()
                .takes::<PasswordInput>()
                .empty(204, "Done.")
                .may(&[Code::NotAPerson, Code::LocalPasswordsOff, Code::SignInFailed, Code::TooManyGuesses])
        }),
    ]
}
