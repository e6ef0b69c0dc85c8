//! The way to the provider and back: `/auth/oidc/start` and `/auth/oidc/callback`.
//!
//! A GET begins a sign-in, because it is a link. What changes an account (linking, using an invitation) is begun by a
//! form of this service. A browser gets failures as pages with the code of their problem; others get the problem, and
//! so does everybody if the database fails.

pub(super) mod routes;

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use stint_domain::access::{TokenKind, TokenSecret};
use stint_domain::people::ports::identity_provider::{Arrival, ProviderError};
use stint_domain::people::ports::provider_identity::EnterError;
use stint_domain::people::services::{Errand, ProviderSignInError, Returned};

use super::{SIGN_IN, html};
use crate::auth::Anybody;
use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::forms::{Refusal, Told};
use crate::percent;
use crate::problem::{Code, Problem};
use crate::query::Query;

const START: &str = "/auth/oidc/start";
const CALLBACK: &str = "/auth/oidc/callback";

/// The most characters of a path to return to: it is kept in a cookie.
const LONGEST: usize = 1000;

/// Begins a sign-in.
async fn start(call: Call) -> Answer {
    let mut query = Query::of(&call.request, &["return_to"]);
    let return_to = query.optional("return_to", |path| own_path(call.base_path(), path));
    query.finish()?;
    let return_to = return_to.unwrap_or_else(|| home(&call));
    match call.api.people.provider.leave(Errand::SignIn, &return_to).await {
        Ok(left) => {
            let mut response = lead(&left.url)?;
            call.api.surface.keep(&mut response, &left.kept);
            Ok(response)
        }
        Err(error) => refused(&call, error),
    }
}

/// Begins what changes an account: uses an invitation, or links the account at the provider to that of the session.
async fn start_form(call: Call) -> Answer {
    if call.api.surface.require_same_origin(&call.request).is_err() {
        return Ok(html(StatusCode::FORBIDDEN, &call.page(&call.ways(), Some(Told::CrossSite)).sign_in("")));
    }
    if call.api.people.provider.name().is_none() {
        return Err(ProviderSignInError::NoProvider.into());
    }
    let [secret] = call.form(["secret"]).await?.unwrap_or_default();
    let errand = if secret.is_empty() { link(&call).await } else { invitation(&secret) };
    let errand = match errand {
        Ok(errand) => errand,
        Err(error) => return refused(&call, error),
    };
    match call.api.people.provider.leave(errand, &home(&call)).await {
        Ok(left) => {
            let mut response = html(StatusCode::OK, &call.page(&call.ways(), None).going_on(&left.url));
            call.api.surface.keep(&mut response, &left.kept);
            Ok(response)
        }
        Err(error) => refused(&call, error),
    }
}

fn invitation(secret: &str) -> Result<Errand, ProviderSignInError> {
    let secret = TokenSecret::of(TokenKind::Invitation, secret.trim());
    secret.map(Errand::Invitation).or(Err(EnterError::LinkUnusable.into()))
}

async fn link(call: &Call) -> Result<Errand, ProviderSignInError> {
    let secret = call.api.surface.session_of(call.headers());
    let secret = secret.and_then(|secret| TokenSecret::of(TokenKind::Session, secret).ok());
    match (secret, call.principal(Anybody).await) {
        (Some(secret), Ok(principal)) if principal.kind == TokenKind::Session => Ok(Errand::Link(secret)),
        _ => Err(ProviderSignInError::SignedOut),
    }
}

/// Takes a browser that comes from the provider.
async fn callback(call: Call) -> Answer {
    let answer = arrive(&call).await;
    answer.map(|mut response| {
        call.api.surface.keep_no_longer(&mut response);
        response
    })
}

async fn arrive(call: &Call) -> Answer {
    // Providers add what they like, so it is not read strictly.
    let told = |name: &str| {
        let pairs = call.request.query_string().split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| percent::decode(value));
        found.next().and_then(Result::ok).map(Cow::into_owned)
    };
    let surface = &call.api.surface;
    let answer = match (told("code"), told("error")) {
        (Some(code), None) => Ok(code),
        (_, error) => Err(error.unwrap_or_else(|| "there is no code".to_owned())),
    };
    let arrival = Arrival {
        kept: surface.kept_of(call.headers()).unwrap_or_default().to_owned(),
        bound_to: surface.session_of(call.headers()).map(str::to_owned),
        state: told("state").unwrap_or_default(),
        answer,
        issuer: told("iss"),
    };
    let principal = if arrival.bound_to.is_some() { call.principal(Anybody).await.ok() } else { None };
    match call.api.people.provider.arrive(arrival, principal.as_deref()).await {
        Ok(Returned { signed_in, return_to }) => {
            // Checked again: a neighbour that can set cookies could have written it.
            let return_to = own_path(call.base_path(), &return_to).unwrap_or_else(|_elsewhere| home(call));
            let mut response = lead(&return_to)?;
            if let Some(signed_in) = signed_in {
                surface.begin_session_of_provider(&mut response, signed_in.secret.expose());
            }
            Ok(response)
        }
        Err(error) => refused(call, error),
    }
}

fn lead(target: &str) -> Answer {
    let target = HeaderValue::try_from(target).map_err(|error| Problem::defect(&error))?;
    let mut response = HttpResponse::SeeOther().finish();
    response.headers_mut().insert(header::LOCATION, target);
    Ok(response)
}

/// The page that says who has signed in.
fn home(call: &Call) -> String {
    format!("{}{SIGN_IN}", call.base_path())
}

/// Reads a path of this service, which other text could lead away from.
fn own_path(base: &BasePath, path: &str) -> Result<String, &'static str> {
    const RULE: &str = "must be a path of this service, with its base path, and plain characters alone";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?=&%+:@!$'()*".contains(&byte);
    let below = path.strip_prefix(base.as_str());
    let is_own = below.is_some_and(|rest| rest.starts_with('/') && !rest.starts_with("//")) && !path.starts_with("//");
    let route = path.split_once('?').map_or(path, |(route, _)| route);
    // `.` and `..`, which a browser resolves, as `%2E` too.
    let climbs =
        route.split('/').any(|segment| matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | ".."));
    let holds = is_own && !climbs && path.len() <= LONGEST && path.bytes().all(plain);
    if holds { Ok(path.to_owned()) } else { Err(RULE) }
}

/// Whether the caller reads pages, as every browser says when somebody follows a link or sends a form.
fn reads_pages(call: &Call) -> bool {
    let accepted = call.headers().get_all(header::ACCEPT).filter_map(|line| line.to_str().ok());
    accepted.into_iter().any(|line| line.contains("text/html"))
}

/// The page that says why somebody was not signed in.
fn refused(call: &Call, error: ProviderSignInError) -> Answer {
    let told = match &error {
        ProviderSignInError::NoProvider | ProviderSignInError::Enter(EnterError::Backend(_)) => {
            return Err(error.into());
        }
        ProviderSignInError::Enter(EnterError::LinkUnusable) => Told::Unusable,
        ProviderSignInError::Enter(error) => Told::Provider(of_transaction(error)),
        ProviderSignInError::Provider(error) => Told::Provider(of_provider(error)),
        ProviderSignInError::NoRole => Told::Provider(Refusal::NoRole),
        ProviderSignInError::NotLinked => Told::Provider(Refusal::NotLinked),
        ProviderSignInError::NoHandle => Told::Provider(Refusal::NoHandle),
        ProviderSignInError::SignedOut => Told::Provider(Refusal::SignedOut),
    };
    let reason = error.to_string();
    let problem = Problem::from(error);
    let spec = problem.code().spec();
    if problem.code() == Code::ProviderInvalid {
        // The operator must look.
        tracing::warn!(reason, "what the provider sent is not valid");
    } else {
        tracing::info!(code = spec.code, reason, "somebody was not signed in through the provider");
    }
    if !reads_pages(call) {
        return Err(problem);
    }
    problem.log();
    let page = call.page(&call.ways(), Some(told)).not_signed_in(spec.code);
    Ok(html(spec.status, &page))
}

fn of_transaction(error: &EnterError) -> Refusal {
    match error {
        EnterError::NotLinked => Refusal::NotLinked,
        EnterError::Inactive => Refusal::Deactivated,
        EnterError::HandleTaken(_) | EnterError::SubjectTaken(_) => Refusal::HandleTaken,
        EnterError::Taken => Refusal::IdentityTaken,
        EnterError::LastAdmin(_) => Refusal::LastAdmin,
        EnterError::Used | EnterError::LinkUnusable | EnterError::Backend(_) => Refusal::NotBegun,
    }
}

fn of_provider(error: &ProviderError) -> Refusal {
    match error {
        ProviderError::NotBegun => Refusal::NotBegun,
        ProviderError::Refused(_) => Refusal::Refused,
        ProviderError::Invalid(_) => Refusal::Invalid,
        ProviderError::Unavailable(_) => Refusal::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_to_return_to_leads_nowhere_else() {
        for base in ["", "/time"] {
            let base = BasePath::try_from(base.to_owned()).unwrap();
            let own = |path: &str| own_path(&base, &format!("{base}{path}"));
            for good in ["/", "/reports?group_by=job", "/day/2026-11-30?a=b&c=%2F", "/a..b/.c?d=../e"] {
                assert!(own(good).is_ok(), "{base}{good}");
            }
            for bad in ["/..", "/../other", "/a/./b", "/a/%2e%2E/b", "/.%2e?c"] {
                assert!(own(bad).is_err(), "{base}{bad}");
            }
            for bad in ["", "//evil.example", "/\\evil.example", "/a b", "/a;b", "/a,b", "/a\n", "/\u{e9}", "evil"] {
                assert!(own(bad).is_err(), "{base}{bad}");
            }
            assert!(own(&format!("/{}", "x".repeat(LONGEST))).is_err());
            for elsewhere in ["https://evil.example/", "//evil.example/time/", "javascript:alert(1)", "evil/time/"] {
                assert!(own_path(&base, elsewhere).is_err(), "{elsewhere}");
            }
        }
        let base = BasePath::try_from("/time".to_owned()).unwrap();
        assert!(own_path(&base, "/other").is_err() && own_path(&base, "/timesheet").is_err());
    }
}
