//! The routes to capture tokens, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};
use stint_domain::access::Scope;

use super::input::{CaptureTokenInput, CaptureTokenOfJobInput, CaptureTokenPatch};
use super::{CAPTURE_TOKENS, CaptureTokenBody, create, create_of_job, list, list_of_job, patch, read, revoke};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented, Example, uuid};
use crate::problem::Code;

const TAG: &str = "Capture tokens";

impl Documented for CaptureTokenBody<'_> {
    const NOUN: &'static str = "capture token";
    const HAS_ETAG: bool = false;

    fn example() -> Value {
        example(Some("01890a5d-ac96-774b-bcce-b302099a8057"))
    }
}

fn example(related_job: Option<&str>) -> Value {
    json!({
        "id": "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f",
        "name": "editor",
        "subject": "ada",
        "made_by": "01890a5d-7f1e-7a2b-8c3d-4e5f60718293",
        "related_job": related_job,
        "creates_jobs": related_job.is_none(),
        "time_zone": "Europe/Berlin",
        "gap_seconds": 900,
        "created_at": "2026-01-02T09:00:00.000000Z",
        "expires_at": null,
        "revoked_at": null,
        "last_used_at": "2026-01-02T17:30:00.000000Z",
    })
}

fn creates<I: Example>(described: Described, mut example: Value) -> Described {
    example["last_used_at"] = Value::Null;
    example["secret"] = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a".into();
    example["ping_url"] = "/ping/0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a".into();
    described
        .needs(Scope::Write)
        .or_own()
        .takes::<I>()
        .answers::<CaptureTokenBody<'_>>(201, "The token with its secret.", example)
        .with_header("Location")
        .may(&[Code::MalformedHeader])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const TOKENS_OF_JOB: &str = "/api/v1/jobs/{id}/capture-tokens";
    const CAPTURE_TOKEN: &str = "/api/v1/capture-tokens/{id}";
    vec![
        Endpoint::new(Method::GET, TOKENS_OF_JOB, list_of_job, || {
            Described::new(TAG, "list_capture_tokens_of_job", "List the capture tokens of a job", "Latest first.")
                .lists::<CaptureTokenBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::POST, TOKENS_OF_JOB, create_of_job, || {
            let about = "Its pings count for this job. Only this answer has the secret. An Idempotency-Key is refused \
                         (400).";
            let described =
                Described::new(TAG, "create_capture_token_of_job", "Create a capture token of a job", about);
            creates::<CaptureTokenOfJobInput>(described, CaptureTokenBody::example())
        }),
        Endpoint::new(Method::GET, CAPTURE_TOKENS, list, || {
            let about = "Latest first; revoked and expired ones too.";
            Described::new(TAG, "list_capture_tokens", "List capture tokens", about)
                .needs(Scope::Read)
                .or_own()
                .query("related_job", "Only tokens of this job.", uuid())
                .pages::<CaptureTokenBody<'_>>(&example(None))
        }),
        Endpoint::new(Method::POST, CAPTURE_TOKENS, create, || {
            let about = "A token without a job: its pings name a project, which belongs to one of your jobs. Only this \
                         answer has the secret. An Idempotency-Key is refused (400), because a repeat would need the \
                         secret. If the answer is lost, revoke the token and create another.";
            let described = Described::new(TAG, "create_capture_token", "Create a capture token", about);
            creates::<CaptureTokenInput>(described, example(None))
        }),
        Endpoint::new(Method::GET, CAPTURE_TOKEN, read, || {
            Described::new(TAG, "read_capture_token", "Read a capture token", "Without its secret.")
                .reads::<CaptureTokenBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::PATCH, CAPTURE_TOKEN, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay. What its pings count for never changes. A \
                         new expiry holds within 5 seconds.";
            Described::new(TAG, "patch_capture_token", "Change a capture token", about)
                .patches::<CaptureTokenPatch, CaptureTokenBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::DELETE, CAPTURE_TOKEN, revoke, || {
            let about = "It is refused within 5 seconds. It stays in listings, and the time that it logged stays. \
                         Revoking it again has no effect.";
            Described::new(TAG, "revoke_capture_token", "Revoke a capture token", about)
                .deletes::<CaptureTokenBody<'_>>()
                .or_own()
        }),
    ]
}
