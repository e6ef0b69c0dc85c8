//! Reading a JSON object field by field, so that every bad field is reported at once.
//!
//! A field is read by a function from JSON to a domain value; what it refuses lands in [`Errors`] with a pointer, and
//! reading goes on. Members that nobody asked for are unknown fields, and so are those that are read-only.

use std::borrow::Cow;
use std::fmt::Display;

use stint_domain::ledger::{JobName, JobStatus, Minutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, Subject, Timestamp, Zone};

use crate::excerpt::Excerpt;
use crate::json::Json;
use crate::moment;
use crate::problem::{Errors, FieldError, escape_into};

/// The members of one object, being read.
pub(crate) struct Fields<'e, 'j> {
    /// Taken out one by one; what is left at the end is unknown.
    members: Vec<(Cow<'j, str>, Json<'j>)>,
    /// Where the object stands in the body.
    pointer: &'e str,
    /// Whether the value was an object at all; if not, its fields are not missing as well.
    object: bool,
    errors: &'e mut Errors,
}

impl<'e, 'j> Fields<'e, 'j> {
    /// Starts to read the object at `pointer`.
    pub(crate) fn new(json: Json<'j>, pointer: &'e str, errors: &'e mut Errors) -> Self {
        let (members, object) = match json {
            Json::Object(members) => (members, true),
            other => {
                errors.push(FieldError::at(pointer, format!("must be an object, got {other}")));
                (Vec::new(), false)
            }
        };
        Self { members, pointer, object, errors }
    }

    /// A field that must be there; none after an error.
    pub(crate) fn required<T>(&mut self, name: &str, read: impl FnOnce(Json<'j>) -> Result<T, String>) -> Option<T> {
        let there = self.members.iter().any(|(member, _)| member == name);
        if !there && self.object {
            self.refuse(name, "must be given".to_owned());
        }
        self.optional(name, read)
    }

    /// A field that may be absent; none when it is, or after an error.
    pub(crate) fn optional<T>(&mut self, name: &str, read: impl FnOnce(Json<'j>) -> Result<T, String>) -> Option<T> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        let (_, json) = self.members.swap_remove(at);
        read(json).map_err(|detail| self.refuse(name, detail)).ok()
    }

    /// Refuses what is left; `known` names the fields there are.
    pub(crate) fn finish(mut self, known: &str) {
        // Reading moved members about; callers get their errors in a steady order.
        self.members.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, _) in std::mem::take(&mut self.members) {
            self.refuse(&name, format!("is unknown or read-only; known are {known}"));
        }
    }

    fn refuse(&mut self, name: &str, detail: String) {
        let mut pointer = self.pointer.to_owned();
        escape_into(name, &mut pointer);
        self.errors.push(FieldError::at(pointer, detail));
    }
}

fn text(json: Json<'_>) -> Result<Cow<'_, str>, String> {
    match json {
        Json::String(text) => Ok(text),
        other => Err(format!("must be text, got {other}")),
    }
}

/// Reads text with a constructor of the domain.
pub(crate) fn parse<T, E: Display>(json: Json<'_>, new: impl FnOnce(&str) -> Result<T, E>) -> Result<T, String> {
    let text = text(json)?;
    new(&text).map_err(|error| format!("{error}, got {}", Excerpt(&text)))
}

/// A job's name.
pub(crate) fn job_name(json: Json<'_>) -> Result<JobName, String> {
    parse(json, JobName::new)
}

/// A job's status.
pub(crate) fn job_status(json: Json<'_>) -> Result<JobStatus, String> {
    parse(json, str::parse)
}

/// The id of a job.
pub(crate) fn job_id(json: Json<'_>) -> Result<JobId, String> {
    parse(json, str::parse)
}

/// A date.
pub(crate) fn date_stamp(json: Json<'_>) -> Result<DateStamp, String> {
    parse(json, str::parse)
}

/// A summary; null means empty, so that a merge patch can take it away.
pub(crate) fn work_summary(json: Json<'_>) -> Result<WorkSummary, String> {
    match json {
        Json::Null => Ok(WorkSummary::default()),
        json => parse(json, WorkSummary::new),
    }
}

/// The name of a token.
pub(crate) fn token_name(json: Json<'_>) -> Result<Subject, String> {
    parse(json, Subject::new)
}

/// A time zone.
pub(crate) fn zone(json: Json<'_>) -> Result<Zone, String> {
    parse(json, str::parse)
}

/// Yes or no.
pub(crate) fn boolean(json: Json<'_>) -> Result<bool, String> {
    match json {
        Json::Bool(value) => Ok(value),
        other => Err(format!("must be true or false, got {other}")),
    }
}

/// A moment, in the one form in which moments are shown.
pub(crate) fn timestamp(json: Json<'_>) -> Result<Timestamp, String> {
    parse(json, |text| moment::from_rfc3339(text).ok_or("must be a moment such as 2026-01-02T09:00:00Z"))
}

/// The same reader, for which null is nothing.
pub(crate) fn nullable<'j, T>(
    read: impl FnOnce(Json<'j>) -> Result<T, String>,
) -> impl FnOnce(Json<'j>) -> Result<Option<T>, String> {
    move |json| if json == Json::Null { Ok(None) } else { read(json).map(Some) }
}

/// Minutes of one entry.
#[expect(clippy::needless_pass_by_value, reason = "all readers have one signature")]
pub(crate) fn minutes(json: Json<'_>) -> Result<Minutes, String> {
    let whole = json.as_integer().map(Minutes::new);
    match whole {
        Some(Ok(minutes)) => Ok(minutes),
        _ => Err(format!("{}, got {json}", stint_domain::ledger::MinutesError)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(body: &str) -> Vec<(String, String)> {
        let mut errors = Errors::default();
        let mut fields = Fields::new(Json::parse(body.as_bytes()).unwrap(), "/items/3", &mut errors);
        fields.required("name", job_name);
        fields.required("minutes_worked", minutes);
        fields.optional("date_stamp", date_stamp);
        fields.optional("work_summary", work_summary);
        fields.finish("`name` and others");
        errors.into_list().into_iter().map(|error| (error.pointer.unwrap(), error.detail)).collect()
    }

    #[test]
    fn every_bad_field_is_reported_at_once() {
        let body = r#"{"minutes_worked": 30.5, "date_stamp": "2026-02-29", "work_summary": 7, "x": 1, "id": "a"}"#;
        let pointers: Vec<String> = errors_of(body).into_iter().map(|(pointer, _)| pointer).collect();
        let expected = ["name", "minutes_worked", "date_stamp", "work_summary", "id", "x"];
        assert_eq!(pointers, expected.map(|name| format!("/items/3/{name}")));
    }

    #[test]
    fn a_value_that_is_no_object_is_one_error_at_its_place() {
        let expected = ("/items/3".to_owned(), "must be an object, got an array".to_owned());
        assert_eq!(errors_of("[1]"), [expected]);
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        let secret = "waka_0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a";
        let errors = errors_of(&format!(r#"{{"name": "n", "minutes_worked": 1, "date_stamp": "{secret}"}}"#));
        assert!(errors.len() == 1 && errors[0].1.ends_with("got `…`"), "{errors:?}");
    }

    #[test]
    fn the_offending_value_is_named() {
        let detail = |minutes: &str| {
            let body = format!(r#"{{"name": "n", "minutes_worked": {minutes}}}"#);
            errors_of(&body).remove(0).1
        };
        let rule = "must be a whole number from 1 to 1440, got";
        assert_eq!(detail("0"), format!("{rule} 0"));
        assert_eq!(detail("1441"), format!("{rule} 1441"));
        assert_eq!(detail("-1"), format!("{rule} -1"));
        assert_eq!(detail("0.5"), format!("{rule} 0.5"));
        assert_eq!(detail("\"30\""), format!("{rule} the text `30`"));
        assert_eq!(detail("null"), format!("{rule} null"));
        assert_eq!(detail("{}"), format!("{rule} an object"));
    }

    #[test]
    fn null_means_an_empty_summary() {
        assert_eq!(work_summary(Json::Null), Ok(WorkSummary::default()));
        assert!(job_name(Json::Null).is_err());
    }
}
