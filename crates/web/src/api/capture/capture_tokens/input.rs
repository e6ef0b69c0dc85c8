//! What callers say of tokens that capture.

use stint_domain::access::ports::token::{Expiry, TokenChanges};
use stint_domain::capture::services::CaptureTokenDraft;
use utoipa::ToSchema;

use crate::fields::{self, Fields, nullable};
use crate::json::Json;
use crate::openapi::{Name, ZoneName};
use crate::problem::{Errors, Problem};

/// What a caller says of a token that is bound to no job.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `draft` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureTokenInput {
    /// What people call it: trimmed and in NFC, 1 to 120 characters, one of them visible, no control
    /// characters.
    #[schema(value_type = Name)]
    name: String,
    /// The IANA time zone whose midnight divides the days; it never changes.
    #[schema(required = false, default = "UTC", value_type = ZoneName)]
    time_zone: String,
    /// Whether a project that stands for no job yet gets a new one.
    #[schema(required = false, default = false)]
    creates_jobs: bool,
    /// From when on it is refused; never, unless given.
    #[schema(required = false)]
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// What a caller says of a token of the job in the path.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `draft_of_job` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureTokenOfJobInput {
    /// What people call it: trimmed and in NFC, 1 to 120 characters, one of them visible, no control
    /// characters.
    #[schema(value_type = Name)]
    name: String,
    /// The IANA time zone whose midnight divides the days; it never changes.
    #[schema(required = false, default = "UTC", value_type = ZoneName)]
    time_zone: String,
    /// From when on it is refused; never, unless given.
    #[schema(required = false)]
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// The fields of a token to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `changes` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureTokenPatch {
    /// A new name.
    #[schema(required = false, value_type = Name)]
    name: String,
    /// From when on it is refused; null means never.
    #[schema(required = false)]
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
}

pub(super) fn draft(json: Json<'_>) -> Result<(CaptureTokenDraft, bool), Problem> {
    let mut errors = Errors::default();
    let mut fields = Fields::new(json, "", &mut errors);
    let draft = common(&mut fields);
    let create = fields.optional("creates_jobs", fields::boolean).unwrap_or_default();
    fields.finish("`name`, `time_zone`, `creates_jobs` and `expires_at`");
    errors.check(draft.map(|draft| (draft, create)))
}

pub(super) fn draft_of_job(json: Json<'_>) -> Result<CaptureTokenDraft, Problem> {
    let mut errors = Errors::default();
    let mut fields = Fields::new(json, "", &mut errors);
    let draft = common(&mut fields);
    fields.finish("`name`, `time_zone` and `expires_at`");
    errors.check(draft)
}

fn common(fields: &mut Fields<'_, '_>) -> Option<CaptureTokenDraft> {
    let name = fields.required("name", fields::token_name);
    let zone = fields.optional("time_zone", fields::zone).unwrap_or_default();
    let expires_at = fields.optional("expires_at", nullable(fields::timestamp)).flatten();
    name.map(|name| CaptureTokenDraft { name, zone, expires_at })
}

pub(super) fn changes(json: Json<'_>) -> Result<TokenChanges, Problem> {
    let mut errors = Errors::default();
    let mut fields = Fields::new(json, "", &mut errors);
    let name = fields.optional("name", fields::token_name);
    let expires_at = fields.optional("expires_at", nullable(fields::timestamp));
    let expiry = expires_at.map(|moment| moment.map_or(Expiry::Never, Expiry::At));
    fields.finish("`name` and `expires_at`");
    errors.check(Some(TokenChanges { name, expiry }))
}
