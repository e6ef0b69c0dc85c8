//! The values of the domain in bodies: how each is read, and its schema.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::{Value, json};
use stint_domain::access::{Role, Scope, Scopes};
use stint_domain::ledger::{JobName, JobStatus, Minutes, MinutesError, WorkSummary};
use stint_domain::people::{Email, Handle, Password, PersonName, PersonStatus, WeekStart};
use stint_domain::timers::{TimerMinutes, TimerMinutesError};
use stint_domain::values::{DateStamp, JobId, Subject, TimerId, Timestamp, Zone};
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::Input;
use super::property::Assumed;
use crate::excerpt::Excerpt;
use crate::json::Json;
use crate::moment;
use crate::openapi::{self, Form, Schemas, named, or_null};

/// Values that are made of text: the type, its constructor, its schema.
macro_rules! from_text {
    ($($type:ty, $new:expr, $form:expr;)+) => {$(
        impl Form for $type {
            fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
                $form(schemas)
            }
        }

        impl Input<'_> for $type {
            fn read(json: Json<'_>) -> Result<Self, String> {
                text_of(json, $new)
            }
        }
    )+};
}

from_text! {
    JobName, Self::new, named::<openapi::Name>;
    JobStatus, str::parse, named::<openapi::Status>;
    JobId, str::parse, |_| openapi::uuid().into();
    TimerId, str::parse, |_| openapi::uuid().into();
    DateStamp, str::parse, |_| openapi::date().into();
    WorkSummary, Self::new, named::<openapi::Summary>;
    Subject, Self::new, named::<openapi::Name>;
    Zone, str::parse, named::<openapi::ZoneName>;
    Timestamp, from_rfc3339, |_| openapi::date_time().into();
    Handle, Self::new, named::<openapi::HandleName>;
    PersonName, Self::new, named::<openapi::Name>;
    Email, Self::new, named::<openapi::EmailAddress>;
    Role, str::parse, named::<openapi::RoleName>;
    PersonStatus, str::parse, named::<openapi::PersonState>;
    WeekStart, str::parse, named::<openapi::WeekDay>;
}

/// A line as somebody typed it to sign in: not yet a value, so that no answer tells more than that it was wrong.
#[derive(Debug)]
pub(crate) struct Line(pub(crate) String);

/// A password to sign in with, which may be shorter than a new one.
#[derive(Debug)]
pub(crate) struct AttemptedPassword(pub(crate) Password);

/// A secret that was sent in a body.
#[derive(Debug)]
pub(crate) struct SentSecret(pub(crate) String);

/// Values that no error repeats: the type, its constructor from text, its schema.
macro_rules! secret {
    ($($type:ty, $new:expr, $form:expr;)+) => {$(
        impl Form for $type {
            fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
                $form(schemas)
            }
        }

        impl Input<'_> for $type {
            fn read(json: Json<'_>) -> Result<Self, String> {
                let Json::String(text) = json else { return Err("must be text".to_owned()) };
                $new(&text).map_err(|error| error.to_string())
            }
        }
    )+};
}

secret! {
    Line, |text: &str| typed(text).map(Self), named::<openapi::TypedLine>;
    SentSecret, |text: &str| typed(text).map(Self), named::<openapi::TypedLine>;
    AttemptedPassword, |text: &str| Password::attempted(text).map(Self), named::<openapi::TypedPassword>;
    Password, Self::new, named::<openapi::NewPasswordText>;
}

fn typed(text: &str) -> Result<String, String> {
    match text.chars().count() {
        long if long > openapi::MAX_TYPED => {
            Err(format!("must have at most {} characters, has {long}", openapi::MAX_TYPED))
        }
        _ => Ok(text.to_owned()),
    }
}

impl Form for Scopes {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        let own = openapi::one_of([Scope::Own.as_str()]);
        let others = openapi::one_of([Scope::Read, Scope::Write, Scope::Admin].map(Scope::as_str));
        let list = |items, most| ArrayBuilder::new().items(items).min_items(Some(1)).max_items(Some(most));
        openapi::put(schemas, "Scopes", OneOfBuilder::new().item(list(own, 1)).item(list(others, 3)))
    }
}

impl Input<'_> for Scopes {
    fn read(json: Json<'_>) -> Result<Self, String> {
        const RULE: &str = "must be a list of one or more of `read`, `write`, `admin`, or of `own` alone";
        let Json::Array(items) = &json else { return Err(format!("{RULE}, got {json}")) };
        let scope = |item: &Json<'_>| match item {
            Json::String(text) => text.parse::<Scope>().ok().filter(|scope| *scope != Scope::Capture),
            _ => None,
        };
        let scopes: Option<Vec<Scope>> = items.iter().map(scope).collect();
        // As the schema has it: a scope may be named twice, but not one that stands alone.
        let fits = |scopes: &Vec<Scope>| scopes.len() == 1 || scopes.len() <= 3 && !scopes.contains(&Scope::Own);
        scopes.filter(fits).and_then(|scopes| Self::new(scopes).ok()).ok_or_else(|| format!("{RULE}, got {json}"))
    }
}

impl Assumed for WeekStart {
    fn assumed() -> Option<Value> {
        Some(json!(Self::default().as_str()))
    }
}

/// A moment in the form in which moments are shown.
fn from_rfc3339(text: &str) -> Result<Timestamp, &'static str> {
    moment::from_rfc3339(text).ok_or("must be a moment such as 2026-01-02T09:00:00Z")
}

/// Reads text with a constructor of the domain.
pub(crate) fn text_of<T, E: Display>(json: Json<'_>, new: impl FnOnce(&str) -> Result<T, E>) -> Result<T, String> {
    let text: Cow<'_, str> = match json {
        Json::String(text) => text,
        other => return Err(format!("must be text, got {other}")),
    };
    new(&text).map_err(|error| format!("{error}, got {}", Excerpt(&text)))
}

/// Values that are made of whole numbers: the type, its error, its schema.
macro_rules! from_integer {
    ($($type:ty, $error:expr, $form:expr;)+) => {$(
        impl Form for $type {
            fn schema(_: &mut Schemas) -> RefOr<Schema> {
                $form.into()
            }
        }

        impl Input<'_> for $type {
            fn read(json: Json<'_>) -> Result<Self, String> {
                json.as_integer().and_then(|whole| Self::new(whole).ok()).ok_or_else(|| format!("{}, got {json}", $error))
            }
        }
    )+};
}

from_integer! {
    Minutes, MinutesError, openapi::minutes();
    TimerMinutes, TimerMinutesError, openapi::timer_minutes();
}

impl Form for bool {
    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

impl Input<'_> for bool {
    fn read(json: Json<'_>) -> Result<Self, String> {
        match json {
            Json::Bool(value) => Ok(value),
            other => Err(format!("must be true or false, got {other}")),
        }
    }
}

impl<T: Form> Form for Option<T> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        or_null(T::schema(schemas))
    }
}

impl<'j, T: Input<'j>> Input<'j> for Option<T> {
    fn read(json: Json<'j>) -> Result<Self, String> {
        if json == Json::Null { Ok(None) } else { T::read(json).map(Some) }
    }
}

impl Assumed for JobStatus {
    fn assumed() -> Option<Value> {
        Some(json!(Self::default().as_str()))
    }
}

impl Assumed for Zone {
    fn assumed() -> Option<Value> {
        Some(json!(Self::default().as_str()))
    }
}

impl Assumed for bool {
    fn assumed() -> Option<Value> {
        Some(json!(Self::default()))
    }
}

impl<T> Assumed for Option<T> {
    fn assumed() -> Option<Value> {
        None
    }
}
