//! Reads a JSON object field by field, so that every bad field is reported at once.
//!
//! Each field is read as a value of the domain. A refusal goes into [`Errors`] with a pointer, and reading goes on.
//! Members that are not read are refused as unknown or read-only.

use std::borrow::Cow;

use super::Input;
use crate::json::Json;
use crate::problem::{Errors, FieldError, escape_into};

/// A field was refused; the errors say why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

/// The members of an object that is being read.
pub(crate) struct Fields<'e, 'j> {
    /// Those not yet read; the rest is unknown at the end.
    members: Vec<(Cow<'j, str>, Json<'j>)>,
    /// Where the object stands in the body.
    pointer: &'e str,
    /// Whether the value was an object. If not, its fields are not reported as missing.
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

    /// A field that must be there.
    pub(crate) fn required<T: Input<'j>>(&mut self, name: &str) -> Result<T, Refused> {
        match self.take(name) {
            Some(json) => self.read(name, json),
            None if self.object => Err(self.refuse(name, "must be given".to_owned())),
            None => Err(Refused),
        }
    }

    /// A field that must be there; `None` after an error.
    #[expect(clippy::unnecessary_wraps, reason = "all kinds of fields are read alike")]
    pub(crate) fn tried<T: Input<'j>>(&mut self, name: &str) -> Result<Option<T>, Refused> {
        Ok(self.required(name).ok())
    }

    /// A field that may be absent.
    pub(crate) fn optional<T: Input<'j>>(&mut self, name: &str) -> Result<Option<T>, Refused> {
        self.take(name).map(|json| self.read(name, json)).transpose()
    }

    /// A field that is its type's default if absent.
    pub(crate) fn default<T: Input<'j> + Default>(&mut self, name: &str) -> Result<T, Refused> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// A field that is its type's default if absent or wrong.
    #[expect(clippy::unnecessary_wraps, reason = "all kinds of fields are read alike")]
    pub(crate) fn lenient<T: Input<'j> + Default>(&mut self, name: &str) -> Result<T, Refused> {
        Ok(self.default(name).unwrap_or_default())
    }

    /// Refuses the members that were not read. `known` are the names of all fields, and `hint` follows them.
    pub(crate) fn finish(mut self, known: &[&str], hint: &str) {
        // Reading changed the order of the members. Errors come in a fixed order.
        self.members.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, _) in std::mem::take(&mut self.members) {
            self.refuse(&name, format!("is unknown or read-only; known are {}{hint}", listed(known)));
        }
    }

    fn take(&mut self, name: &str) -> Option<Json<'j>> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.swap_remove(at).1)
    }

    fn read<T: Input<'j>>(&mut self, name: &str, json: Json<'j>) -> Result<T, Refused> {
        T::read(json).map_err(|detail| self.refuse(name, detail))
    }

    fn refuse(&mut self, name: &str, detail: String) -> Refused {
        let mut pointer = self.pointer.to_owned();
        escape_into(name, &mut pointer);
        self.errors.push(FieldError::at(pointer, detail));
        Refused
    }
}

/// Names in a sentence, with "and" before the last.
fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        few => few.concat(),
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::ledger::{JobName, Minutes, WorkSummary};
    use stint_domain::values::DateStamp;

    use super::*;

    fn errors_of(body: &str) -> Vec<(String, String)> {
        let mut errors = Errors::default();
        let mut fields = Fields::new(Json::parse(body.as_bytes()).unwrap(), "/items/3", &mut errors);
        let _ = fields.required::<JobName>("name");
        let _ = fields.required::<Minutes>("minutes_worked");
        let _ = fields.optional::<DateStamp>("date_stamp");
        let _ = fields.optional::<Option<WorkSummary>>("work_summary");
        fields.finish(&["name", "minutes_worked"], "");
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
}
