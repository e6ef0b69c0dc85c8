//! Signing in and out, and who is acting: `/api/v1/session`.

pub(in crate::api) mod routes;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::{Principal, Scope, Scopes, TokenKind, TokenSecret};
use stint_domain::people::services::{SignIn, SignInError, SignedIn};
use stint_domain::people::{Handle, Password, Person};
use utoipa::ToSchema;

use super::person::PersonBody;
use crate::api::answer;
use crate::api::answer::Presented;
use crate::auth::Anybody;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::{AttemptedPassword, Line, input};
use crate::media::Media;
use crate::query::Query;

pub(in crate::api) const SESSION: &str = "/api/v1/session";

/// Why signing in takes no idempotency key.
pub(super) const NO_REPLAY: &str = "each sign-in makes a session of its own";

/// Who is acting, and what they may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody<'a> {
    /// The person; null for a program's token.
    #[schema(required)]
    person: Option<PersonBody<'a>>,
    /// The subject under which time is logged.
    #[schema(min_length = 1, max_length = 120)]
    subject: &'a str,
    /// What they may do now: `own`, `read`, `write`, `admin`, `capture`. A scope that another one includes is not named.
    scopes: Vec<&'static str>,
}

input! {
    /// Who wants to sign in.
    pub(crate) struct SignInInput {
        /// The name of the account; upper and lower case are the same.
        required handle: Line, example "ada";
        /// The password.
        required password: AttemptedPassword, example "correct horse battery staple";
    }
}

fn body<'a>(call: &'a Call, person: Option<&'a Person>, subject: &'a str, scopes: Scopes) -> SessionBody<'a> {
    let includes = |scope: Scope| match scope {
        Scope::Own | Scope::Read | Scope::Write => scopes.allow(Scope::Admin),
        Scope::Admin | Scope::Capture => false,
    };
    let named = scopes.iter().filter(|scope| !includes(*scope)).map(Scope::as_str);
    SessionBody { person: person.map(|person| person.body(call.base_path())), subject, scopes: named.collect() }
}

/// Tells who has signed in, and gives the browser the session.
pub(super) fn begun(call: &Call, signed_in: &SignedIn) -> Answer {
    let SignedIn { person, session, secret } = signed_in;
    let scopes = session.scopes.cut(person.role.scopes());
    let mut response = answer::json(StatusCode::OK, &body(call, Some(person), session.subject.as_str(), scopes))?;
    call.api.surface.begin_session(&mut response, secret.expose());
    Ok(response)
}

async fn sign_in(call: Call) -> Answer {
    call.api.surface.require_same_origin(&call.request)?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let SignInInput { handle: Line(handle), password: AttemptedPassword(password) } = call.input(Media::Json).await?;
    begun(&call, &attempt(&call, &handle, password).await?)
}

/// Signs somebody in, from wherever the request comes.
pub(in crate::api) async fn attempt(call: &Call, handle: &str, password: Password) -> Result<SignedIn, SignInError> {
    let last_session = call.api.surface.session_of(call.headers());
    let last_session = last_session.and_then(|secret| TokenSecret::of(TokenKind::Session, secret).ok());
    let attempt = SignIn { handle: Handle::new(handle).ok(), password, from: call.client(), last_session };
    call.api.people.sessions.sign_in(attempt).await
}

async fn read(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    let Principal { subject, scopes, person, .. } = &*principal;
    let person = match person {
        Some(_) => Some(call.api.people.account.read(&principal).await?),
        None => None,
    };
    answer::json(StatusCode::OK, &body(&call, person.as_ref(), subject.as_str(), *scopes))
}

async fn sign_out(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    call.api.people.sessions.sign_out(&principal).await?;
    let mut response = HttpResponse::NoContent().finish();
    if principal.kind == TokenKind::Session {
        call.api.surface.end_session(&mut response);
    }
    Ok(response)
}
