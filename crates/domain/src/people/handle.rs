//! Handles: the names under which people sign in and log time.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::values::{Subject, text};

/// The name under which a person signs in and logs time: NFC, 1 to 64 letters, digits, `.`, `_` and `-`, of any script.
/// It never changes.
///
/// Two handles are one when their folded forms are equal, so nobody can pass for somebody else by a capital letter or by
/// letters of another width.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle(Subject);

/// Why a text is no handle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandleError {
    /// It is empty.
    #[error("must not be empty")]
    Empty,
    /// It is too long.
    #[error("must have at most {max} characters, has {actual}", max = Handle::MAX_CHARS)]
    TooLong {
        /// The text's length in characters (Unicode scalar values).
        actual: usize,
    },
    /// It has a character that no handle has.
    #[error("must have letters, digits, `.`, `_` and `-` alone, has U+{:04X}", *.character as u32)]
    Character {
        /// The first such character.
        character: char,
    },
    /// No character is visible.
    #[error("must have a visible character")]
    Invisible,
}

impl Handle {
    /// The greatest length, in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 64;

    /// Composes `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, HandleError> {
        let composed = text::composed(text);
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some(character) = composed.chars().find(|c| !fits(*c)) {
            return Err(HandleError::Character { character });
        }
        match composed.chars().count() {
            0 => Err(HandleError::Empty),
            actual if actual > Self::MAX_CHARS => Err(HandleError::TooLong { actual }),
            // It is shorter than a subject may be, and has no character that a subject may not have.
            _ => Subject::new(&composed).map(Self).map_err(|_invisible| HandleError::Invisible),
        }
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The form in which handles are compared (NFKC and case folding). It is stored beside the handle, so that every
    /// backend folds in the same way.
    pub fn folded(&self) -> String {
        folded(self.as_str())
    }

    /// The folded form of a subject, to be compared with those of handles.
    pub fn folded_subject(subject: &Subject) -> String {
        folded(subject.as_str())
    }

    /// The subject under which the person logs time.
    pub fn subject(&self) -> &Subject {
        &self.0
    }
}

/// Folds again what folding brought forth, until nothing changes: some letters have a compatible form that is a capital.
fn folded(text: &str) -> String {
    let compatible = text::folded(&text.nfkc().collect::<String>());
    text::folded(&compatible.nfkc().collect::<String>())
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_handle_has_letters_digits_and_three_marks() {
        for good in ["ada", "Ada.Lovelace_1815-12", "Bu\u{308}ro", "данил", "李", "7"] {
            assert!(Handle::new(good).is_ok(), "{good}");
        }
        for (bad, character) in [("ada l", ' '), ("a@b", '@'), ("a/b", '/'), ("a\u{200b}", '\u{200b}'), (" ada", ' ')] {
            assert_eq!(Handle::new(bad), Err(HandleError::Character { character }), "{bad:?}");
        }
        assert_eq!(Handle::new(""), Err(HandleError::Empty));
        assert_eq!(Handle::new("\u{115f}"), Err(HandleError::Invisible));
        assert!(Handle::new(&"a".repeat(64)).is_ok());
        assert_eq!(Handle::new(&"a".repeat(65)), Err(HandleError::TooLong { actual: 65 }));
    }

    #[test]
    fn handles_that_look_alike_are_one() {
        for (one, other) in
            [("Ada", "ada"), ("STRASSE", "straße"), ("ｗｉｄｅ", "wide"), ("ﬁn", "FIN"), ("Büro", "bu\u{308}ro")]
        {
            assert_eq!(Handle::new(one).unwrap().folded(), Handle::new(other).unwrap().folded(), "{one}");
        }
        assert_ne!(Handle::new("ada").unwrap().folded(), Handle::new("ado").unwrap().folded());
    }

    proptest! {
        #[test]
        fn folding_a_handle_again_changes_nothing(text in "[\\p{L}\\p{Nd}._-]{1,64}") {
            if let Ok(handle) = Handle::new(&text) {
                prop_assert_eq!(Handle::new(handle.as_str()), Ok(handle.clone()));
                prop_assert_eq!(folded(&handle.folded()), handle.folded());
                prop_assert_eq!(Handle::folded_subject(handle.subject()), handle.folded());
            }
        }
    }
}
