//! The parts of a request that are to blame, collected so that all are reported at once.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Problem};
use crate::secrecy;

/// One part of the request that is to blame: `pointer` names a place in the body, `parameter` one of the URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// A JSON pointer (RFC 6901) into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/minutes_worked", nullable = false)]
    pub(crate) pointer: Option<String>,
    /// The name of a path or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit", nullable = false)]
    pub(crate) parameter: Option<String>,
    /// What is wrong with it, naming the offending value.
    #[schema(example = "must be a whole number from 1 to 1440, got 0")]
    pub(crate) detail: String,
}

impl FieldError {
    /// An error at a place in the body.
    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (secrecy::of_text(pointer.into()), secrecy::of_text(detail.into()));
        Self { pointer: Some(pointer), parameter: None, detail }
    }

    /// An error in a parameter of the URL.
    pub(crate) fn of(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        let (parameter, detail) = (secrecy::of_text(parameter.into()), secrecy::of_text(detail.into()));
        Self { pointer: None, parameter: Some(parameter), detail }
    }
}

/// Collects errors. All are counted but only the first ones kept, so that answers stay short.
#[derive(Debug)]
pub(crate) struct Errors {
    kept: Vec<FieldError>,
    total: usize,
    most: usize,
}

impl Default for Errors {
    /// Keeps a thousand.
    fn default() -> Self {
        Self::at_most(1000)
    }
}

impl Errors {
    pub(crate) const fn at_most(most: usize) -> Self {
        Self { kept: Vec::new(), total: 0, most }
    }

    pub(crate) fn push(&mut self, error: FieldError) {
        self.total += 1;
        if self.kept.len() < self.most {
            self.kept.push(error);
        }
    }

    /// Whether one of them is about this parameter or member.
    pub(crate) fn blame(&self, name: &str) -> bool {
        let is_member = |pointer: &str| pointer.strip_prefix('/') == Some(name);
        self.kept.iter().any(|e| e.parameter.as_deref() == Some(name) || e.pointer.as_deref().is_some_and(is_member))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(crate) fn into_problem(self) -> Problem {
        let detail = match (self.kept.as_slice(), self.total) {
            ([only], _) => {
                let place = only.pointer.as_ref().or(only.parameter.as_ref()).map_or("", String::as_str);
                if place.is_empty() { format!("the body {}", only.detail) } else { format!("{place}: {}", only.detail) }
            }
            (kept, total) if total > kept.len() => {
                format!("{total} parts of the request are not valid; the first {} are listed", kept.len())
            }
            (_, total) => format!("{total} parts of the request are not valid"),
        };
        Problem::new(Code::ValidationFailed, detail).with_errors(self.kept)
    }

    #[cfg(test)]
    pub(crate) fn into_list(self) -> Vec<FieldError> {
        self.kept
    }

    /// `value` if there were no errors. `None` is only read together with an error.
    pub(crate) fn check<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self.into_problem()),
        }
    }
}

/// Appends a member's name to a JSON pointer, escaped. Callers choose the name, so a long one is cut, and one that may
/// hold a secret is hidden.
pub(crate) fn escape_into(name: &str, pointer: &mut String) {
    pointer.push('/');
    for c in secrecy::of_value(name).chars().take(64) {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_name_is_escaped_in_a_pointer() {
        let mut pointer = "/items/3".to_owned();
        escape_into("a/b~c", &mut pointer);
        assert_eq!(pointer, "/items/3/a~1b~0c");
    }

    #[test]
    fn all_errors_are_counted_and_a_thousand_are_listed() {
        let mut errors = Errors::default();
        (0..1001).for_each(|i| errors.push(FieldError::at(format!("/items/{i}"), "is wrong")));
        let problem = errors.into_problem();
        assert_eq!(problem.errors.len(), 1000);
        assert!(problem.detail.starts_with("1001 parts"), "{}", problem.detail);
    }
}
