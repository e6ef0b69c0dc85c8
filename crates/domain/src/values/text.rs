//! The rules for text that people read. It is composed to NFC when it becomes a value, so that texts that look the
//! same are equal. Its length is counted in characters after that. It has no control characters except those that a
//! rule allows.
//!
//! Stored text is not changed when it is read: rows from before these rules stay as they are. Secrets, ids and keys
//! that callers choose are bytes, and these rules do not apply to them.

use std::borrow::Cow;

use thiserror::Error;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// No character is visible.
    #[error("must have a visible character")]
    Invisible,
    /// The text has more characters (Unicode scalar values) than allowed.
    #[error("must have at most {max} characters, has {actual}")]
    TooLong {
        /// The longest allowed length.
        max: usize,
        /// The text's length.
        actual: usize,
    },
    /// The text has a control character, such as NUL.
    #[error("must not contain the control character U+{:04X}", *.character as u32)]
    Control {
        /// The first control character.
        character: char,
    },
}

/// Declares a value that is one line of text: NFC, trimmed, at least one character visible, no control characters.
macro_rules! line_of_text {
    ($(#[$doc:meta])* $name:ident: 1 to $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The greatest length, in characters (Unicode scalar values).
            pub const MAX_CHARS: usize = $max;

            /// Composes and trims `text`. Fails when the result breaks the rule above.
            pub fn new(text: &str) -> Result<Self, $crate::values::TextError> {
                $crate::values::text::line(text, Self::MAX_CHARS).map(Self)
            }

            /// Reads a stored text. It may break today's rule, because an earlier release may have stored it.
            pub fn stored(text: &str) -> Result<Self, $crate::values::TextError> {
                $crate::values::text::stored_line(text, Self::MAX_CHARS).map(|text| Self(text.to_owned()))
            }

            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use line_of_text;

/// `text` with everything composed that can be (NFC, Unicode's annex 15).
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    text.nfc().collect::<String>().into()
}

/// `text` with everything decomposed that can be; `None` when that changes nothing.
pub(crate) fn decomposed(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    Some(text.nfd().collect::<String>()).filter(|decomposed| decomposed != text)
}

/// Folds each character by itself, so that the result for a part does not depend on the characters beside it. Both
/// small sigmas become one, and ß becomes ss, as in Unicode's full case folding. Accents are composed before and
/// after, because some letters have a composed form in one case only.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in composed(text).chars().flat_map(char::to_lowercase) {
        match c {
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            c => folded.push(c),
        }
    }
    match composed(&folded) {
        Cow::Borrowed(_) => folded,
        Cow::Owned(composed) => composed,
    }
}

/// Checks `text` against `max` characters. The control characters in `allowed` may occur.
pub(crate) fn check(text: &str, max: usize, allowed: &[char]) -> Result<(), TextError> {
    // A fast path: most texts are short and plain, and every row that is read passes here.
    if text.len() <= max && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    if let Some(character) = text.chars().find(|c| c.is_control() && !allowed.contains(c)) {
        return Err(TextError::Control { character });
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(TextError::TooLong { max, actual });
    }
    Ok(())
}

/// Composes and trims `text`. Checks that the result has 1 to `max` characters, at least one of them visible, and no
/// control characters.
pub(crate) fn line(text: &str, max: usize) -> Result<String, TextError> {
    let composed = composed(text);
    let line = stored_line(&composed, max)?;
    if line.chars().any(is_visible) { Ok(line.to_owned()) } else { Err(TextError::Invisible) }
}

/// Reads a stored line. It need not be composed or visible, because an earlier release may have stored it.
pub(crate) fn stored_line(text: &str, max: usize) -> Result<&str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    check(text, max, &[])?;
    Ok(text)
}

/// Whether a character is visible. Characters that only join, turn or mark others are not, nor are those that are
/// drawn as a space.
fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !BLANK.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Unicode's `Default_Ignorable_Code_Point`, the marks around annotations, and the empty pattern of Braille.
const BLANK: [(char, char); 19] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (one, other) in [
            ("Bu\u{308}ro", "Büro"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("\u{212b}", "Å"),
            ("a\u{323}\u{307}", "a\u{307}\u{323}"),
        ] {
            assert_eq!(line(one, 9), line(other, 9), "{one}");
        }
        // Compatibility forms look different, so NFC keeps them apart.
        assert_ne!(line("ﬁ", 9), line("fi", 9));
    }

    #[test]
    fn a_line_that_nobody_would_see_is_refused() {
        for blank in
            ["\u{200b}", "\u{feff}\u{2060}", "\u{200d} \u{ad}", "\u{3164}", "\u{2800}", "\u{e0041}", "\u{fe0f}"]
        {
            assert_eq!(line(blank, 9), Err(TextError::Invisible), "{blank:?}");
            assert!(stored_line(blank, 9).is_ok(), "what is stored can be read");
        }
        for blank in ["", " \t\n", "\u{3000}\u{a0}"] {
            assert_eq!(line(blank, 9), Err(TextError::Empty), "{blank:?}");
        }
        for seen in ["👩‍👩‍👧", "نامه‌ای", "a\u{200b}", "\u{301}", "·", "\u{600}1"] {
            assert_eq!(line(seen, 9).as_deref(), Ok(seen));
        }
    }

    #[test]
    fn lengths_count_after_composing() {
        assert_eq!(line(&"u\u{308}".repeat(9), 9), Ok("ü".repeat(9)));
        let longer = "\u{958}".repeat(9);
        assert_eq!(line(&longer, 9), Err(TextError::TooLong { max: 9, actual: 18 }), "NFC takes this letter apart");
        assert_eq!(stored_line(&longer, 9), Ok(longer.as_str()));
    }

    proptest! {
        #[test]
        fn composing_again_changes_nothing(text in "\\PC{0,40}") {
            let once = composed(&text);
            prop_assert_eq!(composed(&once), once.as_ref());
            let apart = decomposed(&text).unwrap_or_else(|| text.clone());
            prop_assert_eq!(composed(&apart), once);
        }
    }
}
