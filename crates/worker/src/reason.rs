//! The reason of a failure as one line for a person: the error and its causes, without repeats. Backend errors
//! contain no secrets, but may contain a user's text, so the line has a maximum length.

use std::error::Error;

/// The most characters of a reason.
const MOST: usize = 1_000;

/// The error and its causes.
pub(crate) fn reason(error: &dyn Error) -> String {
    let (mut text, mut next) = (String::new(), Some(error));
    while let Some(cause) = next {
        let said = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.ends_with(&said) {
            if !text.is_empty() {
                text += ": ";
            }
            text += &said;
        }
        next = cause.source();
    }
    bounded(text)
}

/// Cuts off a text that is too long.
pub(crate) fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use stint_domain::{BackendError, BackendErrorKind};

    use super::*;

    #[test]
    fn a_reason_is_one_line_with_every_cause_and_a_bound() {
        let error = BackendError::new("postgres", BackendErrorKind::Internal, "no such\n\ttable");
        assert_eq!(reason(&error), "postgres: internal error: no such table");
        assert_eq!(reason(&BackendError::new("x", BackendErrorKind::Timeout, "ü".repeat(2_000))).chars().count(), MOST);
    }
}
