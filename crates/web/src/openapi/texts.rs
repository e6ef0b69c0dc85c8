//! Schemas of the texts that requests have: what the constructors of the values accept.
//!
//! Constructors also mend some texts, for example trim spaces around a name. Schemas leave that out: callers need not
//! rely on it.

use std::borrow::Cow;

use stint_domain::access::Role;
use stint_domain::capture;
use stint_domain::ledger::{IdempotencyKey, JobName, JobStatus, WorkSummary};
use stint_domain::people::{Email, Handle, Password, PersonStatus, WeekStart};
use stint_domain::values::Timestamp;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::parameters::{one_of, text};

/// No control characters, and at least one that is neither a space nor invisible.
const SHOWS: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff][^\x00-\x1f\x7f-\x9f]*$";

/// No control characters.
const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

/// No control characters except tabs and line ends.
const LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

/// A date that exists, from the year 1000 to 9999.
const DATE: &str = "([1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29)";

pub(crate) fn name() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(JobName::MAX_CHARS)).pattern(Some(SHOWS))
}

/// A part of a name; a space is one.
pub(crate) fn name_part() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(JobName::MAX_CHARS)).pattern(Some(LINE))
}

pub(crate) fn summary() -> ObjectBuilder {
    text().max_length(Some(WorkSummary::MAX_CHARS)).pattern(Some(LINES))
}

pub(crate) fn ping_name() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(capture::PingName::MAX_CHARS)).pattern(Some(LINE))
}

fn zone_name() -> ObjectBuilder {
    text().max_length(Some(64)).pattern(Some("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"))
}

/// A moment, in RFC 3339 or seconds since 1970.
pub(crate) fn moment() -> ObjectBuilder {
    const TIME: &str = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z";
    text().pattern(Some(format!(r"^([0-9]{{1,10}}(\.[0-9]{{1,6}})?|{DATE}T{TIME})$")))
}

/// A day of a summary: a date, the date of a moment, or a name. An empty text is the same as none.
pub(crate) fn day() -> ObjectBuilder {
    text().pattern(Some(format!("^((today|yesterday)|{DATE}(T.*)?)?$")))
}

/// The days of a summary: the name of a range, or one day.
pub(crate) fn days() -> ObjectBuilder {
    text().pattern(Some(format!("^((today|yesterday|last_(7|14|30)_days)|{DATE}(T.*)?)?$")))
}

fn moment_or_number() -> ObjectBuilder {
    let last = Timestamp::MAX.as_micros() / 1_000_000;
    moment().schema_type(SchemaType::from_iter([Type::String, Type::Number])).minimum(Some(0)).maximum(Some(last))
}

pub(crate) fn status() -> ObjectBuilder {
    one_of([JobStatus::Open, JobStatus::Archived].map(JobStatus::as_str))
}

pub(crate) fn role_name() -> ObjectBuilder {
    one_of(Role::ALL.map(Role::as_str))
}

pub(crate) fn person_state() -> ObjectBuilder {
    one_of(PersonStatus::ALL.map(PersonStatus::as_str))
}

fn week_day() -> ObjectBuilder {
    one_of(WeekStart::ALL.map(WeekStart::as_str))
}

/// Letters and digits of other scripts are taken, too; only their number is told.
fn handle() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(Handle::MAX_CHARS)).pattern(Some("^[A-Za-z0-9._-]+$"))
}

fn email() -> ObjectBuilder {
    const SIDE: &str = r"[^\s@\x00-\x1f\x7f-\x9f]+";
    text().max_length(Some(Email::MAX_CHARS)).pattern(Some(format!("^{SIDE}@{SIDE}$")))
}

fn typed_line() -> ObjectBuilder {
    text().max_length(Some(MAX_TYPED))
}

fn password() -> ObjectBuilder {
    text().max_length(Some(Password::MAX_CHARS))
}

fn new_password() -> ObjectBuilder {
    password().min_length(Some(Password::MIN_CHARS))
}

/// The most characters of a text that somebody types to sign in.
pub(crate) const MAX_TYPED: usize = 256;

/// A place in a listing, as `cursor` writes it.
pub(super) fn cursor() -> ObjectBuilder {
    text().pattern(Some("^[A-Za-z0-9_-]{44}$"))
}

/// An `Idempotency-Key`. Spaces around it do not belong to the header's value.
pub(super) fn key() -> ObjectBuilder {
    text().pattern(Some(format!("^[!-~]([ -~]{{0,{}}}[!-~])?$", IdempotencyKey::MAX_CHARS - 2)))
}

/// `*`, or entity tags.
pub(super) fn entity_tags() -> ObjectBuilder {
    text().pattern(Some(r#"^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$"#))
}

/// Makes a type for a schema that has a name of its own.
macro_rules! schema {
    ($($type:ident, $build:ident, $about:literal;)+) => {$(
        #[doc = $about]
        pub(crate) struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $build().description(Some($about)).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    )+};
}

schema! {
    Name, name, "One line, trimmed, with a visible character.";
    Summary, summary, "Lines of text.";
    ZoneName, zone_name, "A time zone of the IANA database, such as `Europe/Berlin`.";
    Moment, moment_or_number, "RFC 3339, or seconds since 1970; also as a number.";
    PingName, ping_name, "One line.";
    Status, status, "Whether a job takes time.";
    RoleName, role_name, "What a person may do: `viewer` reads, `member` has its own, `manager` writes, `admin` may all.";
    PersonState, person_state, "Whether a person may sign in.";
    WeekDay, week_day, "A day of the week.";
    HandleName, handle, "A name to sign in with.";
    EmailAddress, email, "An e-mail address.";
    TypedLine, typed_line, "One line as it was typed.";
    TypedPassword, password, "A password as it was typed.";
    NewPasswordText, new_password, "A password that is not easy to guess.";
}
