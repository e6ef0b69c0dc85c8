//! The routes to accounts, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};
use stint_domain::access::Scope;

use super::{
    InvitationBody, NewPersonBody, PEOPLE, PersonBody, PersonInput, PersonPatch, create, invite, list, patch, read,
};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented, person_state, role_name};
use crate::problem::Code;

pub(crate) const TAG: &str = "People";

impl Documented for PersonBody<'_> {
    const NOUN: &'static str = "person";
    const HAS_ETAG: bool = true;

    fn example() -> Value {
        json!({
            "id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "handle": "ada",
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "role": "member",
            "status": "active",
            "time_zone": "Europe/London",
            "week_starts_on": "monday",
            "created_at": "2026-01-02T09:00:00.000000Z",
            "updated_at": "2026-01-02T09:00:00.000000Z",
        })
    }
}

fn invitation() -> Value {
    let secret = format!("stint_invitation_{}", "x".repeat(43));
    json!({ "secret": secret, "url": format!("https://time.example.org/welcome#{secret}") })
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const PERSON: &str = "/api/v1/people/{id}";
    const INVITATION: &str = "/api/v1/people/{id}/invitation";
    vec![
        Endpoint::new(Method::GET, PEOPLE, list, || {
            Described::new(TAG, "list_people", "List people", "Oldest first.")
                .query("role", "Only people with this role.", role_name())
                .query("status", "Only people with this status.", person_state())
                .needs(Scope::Admin)
                .pages::<PersonBody<'_>>(&PersonBody::example())
        }),
        Endpoint::new(Method::POST, PEOPLE, create, || {
            let about = "With a link by which they set a password, once, within 24 hours: hand it on. Only this answer \
                         has it.";
            Described::new(TAG, "create_person", "Make an account", about)
                .needs(Scope::Admin)
                .takes::<PersonInput>()
                .answers::<NewPersonBody<'_>>(
                    201,
                    "The person, and the link.",
                    json!({ "person": PersonBody::example(), "invitation": invitation() }),
                )
                .with_header("Location")
                .may(&[Code::HandleTaken, Code::MalformedHeader])
        }),
        Endpoint::new(Method::GET, PERSON, read, || {
            Described::new(TAG, "read_person", "Read an account", "As of its last committed write.")
                .reads_as::<PersonBody<'_>>(Scope::Admin)
        }),
        Endpoint::new(Method::PATCH, PERSON, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay. Another role holds within five seconds. \
                         Deactivating revokes all tokens and sessions of the person; activating restores none. One \
                         active admin stays.";
            Described::new(TAG, "patch_person", "Change an account", about)
                .patches_as::<PersonPatch, PersonBody<'_>>(Some(Scope::Admin))
                .may(&[Code::LastAdmin])
        }),
        Endpoint::new(Method::POST, INVITATION, invite, || {
            let about = "For a first password or a forgotten one: hand it on. Older links of the person end. Only this \
                         answer has it.";
            Described::new(TAG, "invite_person", "Make a new link for a person", about)
                .needs(Scope::Admin)
                .answers::<InvitationBody<'_>>(201, "The link.", invitation())
                .may(&[Code::PersonDeactivated, Code::MalformedHeader])
        }),
    ]
}
