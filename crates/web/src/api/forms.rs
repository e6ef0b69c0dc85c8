//! The pages for signing in: `/sign-in`, `/sign-out` and `/welcome`, and the way to the provider and back. They work
//! without scripts, in English and German.
//!
//! A form's failure is the same page again, which says what is wrong. A failure of the service is a problem, as elsewhere.

mod provider;
pub(super) mod routes;

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use maud::Markup;
use stint_domain::people::Password;
use stint_domain::people::ports::passwords::HashPasswordError;
use stint_domain::people::services::{AcceptError, SignInError, SignedIn};

use crate::api::people::session::attempt;
use crate::auth::Anybody;
use crate::exchange::{Answer, Call};
use crate::forms::{Page, STYLE, Told, WELCOME, Words};
use crate::percent;
use crate::query::Query;

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
const WELCOME_PAGE: &str = "/welcome";

/// The most bytes of a form: two fields of 256 characters, encoded.
const MOST: usize = 8 << 10;

/// The pages load their own style and script, send forms to this service, and stand in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// In which ways people sign in.
struct Ways {
    /// What they call the provider, if there is one.
    provider: Option<String>,
    passwords: bool,
}

impl Call {
    fn page<'a>(&'a self, of: &'a Ways, told: Option<Told<'a>>) -> Page<'a> {
        let accepted = self.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let words = Words::accepted(accepted.unwrap_or_default());
        Page { base: self.base_path(), words, told, provider: of.provider.as_deref(), passwords: of.passwords }
    }

    /// In which ways people sign in here.
    fn ways(&self) -> Ways {
        let people = &self.api.people;
        Ways { provider: people.provider.name(), passwords: people.sessions.take_passwords().is_ok() }
    }

    /// The values of these fields of the form that was sent; an absent one is empty. `None`, if it is no form.
    async fn form<const N: usize>(&self, names: [&str; N]) -> Result<Option<[String; N]>, crate::problem::Problem> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let sent = self.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = self.body_of_any_type(MOST).await?;
        if !sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
            return Ok(None);
        }
        let Ok(text) = str::from_utf8(&body) else { return Ok(None) };
        let mut values = [const { String::new() }; N];
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(at) = names.iter().position(|known| *known == name) else { continue };
            match percent::decode(value).map(Cow::into_owned) {
                Ok(value) => values[at] = value,
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(values))
    }

    /// Leads to the page that says who has signed in.
    fn lead_on(&self, set: impl FnOnce(&mut HttpResponse)) -> HttpResponse {
        let mut response = HttpResponse::SeeOther().finish();
        if let Ok(target) = HeaderValue::try_from(format!("{}{SIGN_IN}", self.base_path())) {
            response.headers_mut().insert(header::LOCATION, target);
        }
        set(&mut response);
        response
    }
}

fn html(status: StatusCode, page: &Markup) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("text/html; charset=utf-8");
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((header::REFERRER_POLICY, "no-referrer"));
    response.insert_header((header::VARY, "Accept-Language, Cookie"));
    response.body(page.0.clone())
}

async fn sign_in_page(call: Call) -> Answer {
    Query::none(&call.request)?;
    let has_session = call.api.surface.session_of(call.headers()).is_some();
    let principal = if has_session { call.principal(Anybody).await.ok() } else { None };
    let person = match principal {
        Some(principal) => call.api.people.account.read(&principal).await.ok(),
        None => None,
    };
    let ways = call.ways();
    let page = call.page(&ways, None);
    Ok(html(StatusCode::OK, &person.map_or_else(|| page.sign_in(""), |person| page.signed_in(&person))))
}

async fn sign_in(call: Call) -> Answer {
    let ways = call.ways();
    let again = |status, told, handle: &str| Ok(html(status, &call.page(&ways, Some(told)).sign_in(handle)));
    if call.api.surface.require_same_origin(&call.request).is_err() {
        return again(StatusCode::FORBIDDEN, Told::CrossSite, "");
    }
    let Some([handle, password]) = call.form(["handle", "password"]).await? else {
        return again(StatusCode::BAD_REQUEST, Told::NoForm, "");
    };
    let Ok(password) = Password::attempted(&password) else {
        return again(StatusCode::UNAUTHORIZED, Told::Wrong, &handle);
    };
    match attempt(&call, handle.trim(), password).await {
        Ok(signed_in) => Ok(begun(&call, &signed_in)),
        Err(SignInError::Wrong) => again(StatusCode::UNAUTHORIZED, Told::Wrong, &handle),
        Err(SignInError::NoPasswords(_)) => again(StatusCode::FORBIDDEN, Told::NoPasswords, ""),
        Err(SignInError::TooMany(_)) => again(StatusCode::TOO_MANY_REQUESTS, Told::TooMany, &handle),
        Err(SignInError::Backend(error)) => Err(error.into()),
    }
}

async fn sign_out(call: Call) -> Answer {
    let ways = call.ways();
    if call.api.surface.require_same_origin(&call.request).is_err() {
        return Ok(html(StatusCode::FORBIDDEN, &call.page(&ways, Some(Told::CrossSite)).sign_in("")));
    }
    if let Ok(principal) = call.principal(Anybody).await {
        call.api.people.sessions.sign_out(&principal).await?;
    }
    if let Some(url) = call.api.people.provider.sign_out().await {
        let mut response = html(StatusCode::OK, &call.page(&ways, None).signed_out(&url));
        call.api.surface.end_session(&mut response);
        return Ok(response);
    }
    Ok(call.lead_on(|response| call.api.surface.end_session(response)))
}

async fn welcome_page(call: Call) -> Answer {
    Query::none(&call.request)?;
    let ways = call.ways();
    Ok(html(StatusCode::OK, &call.page(&ways, None).welcome("", call.api.show_causes)))
}

async fn welcome(call: Call) -> Answer {
    let ways = call.ways();
    let again = |status, told: Told<'_>, secret: &str| {
        Ok(html(status, &call.page(&ways, Some(told)).welcome(secret, call.api.show_causes)))
    };
    if call.api.surface.require_same_origin(&call.request).is_err() {
        return again(StatusCode::FORBIDDEN, Told::CrossSite, "");
    }
    let Some([secret, password]) = call.form(["secret", "password"]).await? else {
        return again(StatusCode::BAD_REQUEST, Told::NoForm, "");
    };
    let sessions = &call.api.people.sessions;
    let accepted = match Password::new(&password) {
        Ok(password) => sessions.accept(secret.trim(), password).await,
        // In development alone.
        Err(_) if password.is_empty() && call.api.show_causes => sessions.accept_without_password(secret.trim()).await,
        Err(_) => return again(StatusCode::BAD_REQUEST, Told::Length, &secret),
    };
    match accepted {
        Ok(signed_in) => Ok(begun(&call, &signed_in)),
        Err(AcceptError::NoPasswords(_)) => again(StatusCode::FORBIDDEN, Told::NoPasswords, &secret),
        Err(AcceptError::Unusable) => again(StatusCode::GONE, Told::Unusable, ""),
        Err(AcceptError::Password(HashPasswordError::TooWeak(why))) => {
            again(StatusCode::BAD_REQUEST, Told::Weak(&why), &secret)
        }
        Err(AcceptError::Password(HashPasswordError::Backend(error)) | AcceptError::Backend(error)) => {
            Err(error.into())
        }
    }
}

fn begun(call: &Call, signed_in: &SignedIn) -> HttpResponse {
    call.lead_on(|response| call.api.surface.begin_session(response, signed_in.secret.expose()))
}

async fn style(_call: Call) -> Answer {
    Ok(asset("text/css; charset=utf-8", STYLE))
}

async fn script(_call: Call) -> Answer {
    Ok(asset("text/javascript; charset=utf-8", WELCOME))
}

/// It changes with a release.
fn asset(content_type: &str, text: &'static str) -> HttpResponse {
    let cache = (header::CACHE_CONTROL, "public, max-age=300");
    HttpResponse::Ok().content_type(content_type).insert_header(cache).body(text)
}
