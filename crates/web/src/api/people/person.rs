//! Accounts, for admins: `/api/v1/people`, `/api/v1/people/{id}` and `/api/v1/people/{id}/invitation`.

pub(in crate::api) mod routes;

use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::ServiceError;
use stint_domain::access::{Role, Scope, TokenSecret};
use stint_domain::people::ports::person::{ChangePersonError, ListPeople, PersonChanges, PersonCursor};
use stint_domain::people::services::PersonDraft;
use stint_domain::people::{Email, Handle, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{PersonId, Timestamp, Version, Zone};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Resource, Wanted, shown};
use crate::base_path::BasePath;
use crate::conditional::ReadCondition;
use crate::cursor::place_in_time;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::input;
use crate::media::Media;
use crate::openapi::{PersonState, RoleName, WeekDay};
use crate::problem::{Code, FieldError, Problem};
use crate::query::Query;

pub(in crate::api) const PEOPLE: &str = "/api/v1/people";

place_in_time!(PersonCursor, created_at, PersonId, "people");

/// Why making a link takes no idempotency key.
const NO_REPLAY: &str = "the first answer cannot be given again";

// What is sent and received.

/// Somebody who signs in.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonBody<'a> {
    /// Who.
    id: Uuid,
    /// The name to sign in with, and the subject under which the person logs time. It never changes.
    #[schema(min_length = 1, max_length = 64)]
    handle: &'a str,
    /// The name that others read.
    #[schema(min_length = 1, max_length = 120)]
    name: &'a str,
    /// Where the person can be reached, as they say; null if it is not known.
    #[schema(max_length = 254, required)]
    email: Option<&'a str>,
    /// What the person may do.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = RoleName)]
    role: Role,
    /// Whether the person may sign in.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = PersonState)]
    status: PersonStatus,
    /// The IANA time zone whose midnight divides the person's days.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, example = "Europe/Berlin")]
    time_zone: Zone,
    /// The first day of the person's weeks.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = WeekDay)]
    week_starts_on: WeekStart,
    /// When the account was made, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// When it last changed.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    updated_at: Timestamp,
}

/// A link by which a person sets a password and signs in, once, within 24 hours. Whoever has it can do that.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationBody<'a> {
    /// The secret in the link.
    #[schema(pattern = "^stint_invitation_[A-Za-z0-9_-]{43}$")]
    secret: &'a str,
    /// The link; relative, where the settings do not tell the public address.
    #[schema(format = "uri-reference")]
    url: String,
}

/// A new person, with the link by which they set a password.
#[derive(Serialize, ToSchema)]
#[schema(as = NewPerson)]
pub(crate) struct NewPersonBody<'a> {
    /// The person.
    person: PersonBody<'a>,
    /// The link; only here.
    invitation: InvitationBody<'a>,
}

input! {
    /// A new account.
    pub(crate) struct PersonInput {
        /// The name to sign in with: 1 to 64 letters, digits, `.`, `_` and `-`. Upper and lower case are the same.
        required handle: Handle, example "ada";
        /// The name that others read: trimmed and in NFC, one of its characters visible, no control characters.
        required name: PersonName, example "Ada Lovelace";
        /// Where the person can be reached; nothing is ever sent there.
        default email: Option<Email>, example "ada@example.org";
        /// What the person may do.
        required role: Role, example "member";
        /// The IANA time zone whose midnight divides the person's days.
        default time_zone: Zone, example "Europe/London";
        /// The first day of the person's weeks.
        default week_starts_on: WeekStart, example "monday";
    }
}

input! {
    /// The fields of an account to change; what is absent stays.
    pub(crate) struct PersonPatch {
        /// Another name.
        optional name: PersonName;
        /// Another address; null takes it away.
        optional email: Option<Email>;
        /// Another role.
        optional role: Role, example "manager";
        /// Deactivates or activates.
        optional status: PersonStatus;
        /// Another zone.
        optional time_zone: Zone;
        /// Another first day of weeks.
        optional week_starts_on: WeekStart;
    }
}

impl From<PersonInput> for PersonDraft {
    fn from(input: PersonInput) -> Self {
        let PersonInput { handle, name, email, role, time_zone, week_starts_on } = input;
        Self { handle, name, email, role, time_zone, week_starts_on, adopt: false }
    }
}

impl From<PersonPatch> for PersonChanges {
    fn from(patch: PersonPatch) -> Self {
        let PersonPatch { name, email, role, status, time_zone, week_starts_on } = patch;
        Self { name, email, role, status, time_zone, week_starts_on }
    }
}

impl Presented for Person {
    type Body<'a> = PersonBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> PersonBody<'a> {
        PersonBody {
            id: self.id.as_uuid(),
            handle: self.handle.as_str(),
            name: self.name.as_str(),
            email: self.email.as_ref().map(Email::as_str),
            role: self.role,
            status: self.status,
            time_zone: self.time_zone,
            week_starts_on: self.week_starts_on,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Resource for Person {
    fn version(&self) -> Version {
        self.version
    }

    fn url(&self) -> String {
        format!("{PEOPLE}/{}", self.id)
    }
}

impl Call {
    fn invitation<'a>(&self, secret: &'a TokenSecret) -> InvitationBody<'a> {
        let (secret, public) = (secret.expose(), &self.api.surface.public_url);
        // A fragment reaches no server and no log.
        InvitationBody { secret, url: format!("{public}{}/welcome#{secret}", self.base_path()) }
    }
}

// Handlers.

async fn list(call: Call) -> Answer {
    let principal = call.principal(Scope::Admin).await?;
    let mut query = Query::of(&call.request, &["role", "status", "limit", "cursor"]);
    let (role, status) = (query.optional("role", str::parse), query.optional("status", str::parse));
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let page = call.api.people.people.list(&principal, ListPeople { role, status, size, after }).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn create(call: Call) -> Answer {
    let principal = call.principal(Scope::Admin).await?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let input: PersonInput = call.input(Media::Json).await?;
    let (person, secret) = call.api.people.people.create(&principal, input.into()).await?;
    let body = NewPersonBody { person: person.body(call.base_path()), invitation: call.invitation(&secret) };
    Ok(answer::located(answer::json(StatusCode::CREATED, &body)?, &call, &person.url()))
}

async fn read(call: Call) -> Answer {
    let (principal, id): (_, PersonId) = call.on(Scope::Admin).await?;
    let condition = ReadCondition::of(call.headers())?;
    match call.api.people.people.find(&principal, id).await? {
        Some(person) => answer::read(&call, &person, &condition),
        None => Err(Problem::new(Code::NotFound, format!("there is no person {id}"))),
    }
}

async fn patch(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(Scope::Admin).await?;
    let patch: PersonPatch = call.input(Media::MergePatch).await?;
    let changes = PersonChanges::from(patch);
    let ends_an_admin = ends_an_admin(&changes);
    let updated = call.api.people.people.update(&principal, id, changes, precondition).await;
    let person = updated.map_err(|error| match error {
        ServiceError::Port(ref refusal @ ChangePersonError::LastAdmin(_)) => {
            let at = |pointer: &&str| FieldError::at(*pointer, refusal.to_string());
            let errors = ends_an_admin.iter().map(at).collect();
            Problem::from(error).with_errors(errors)
        }
        error => error.into(),
    })?;
    answer::changed(&call, &principal, &person)
}

/// The fields by which somebody would no longer be an active admin.
fn ends_an_admin(changes: &PersonChanges) -> Vec<&'static str> {
    let role = changes.role.is_some_and(|role| role != Role::Admin).then_some("/role");
    let status = (changes.status == Some(PersonStatus::Deactivated)).then_some("/status");
    role.into_iter().chain(status).collect()
}

async fn invite(call: Call) -> Answer {
    let (principal, id) = call.on(Scope::Admin).await?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let (_, secret) = call.api.people.people.invite(&principal, id).await?;
    answer::json(StatusCode::CREATED, &call.invitation(&secret))
}
