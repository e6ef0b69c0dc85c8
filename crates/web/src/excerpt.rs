//! Values of callers in messages: short, without control characters and without secrets.

use std::fmt;

use crate::secrecy;

/// Shows at most 64 characters of a text, in backticks, with control characters and backticks escaped. A text that may
/// hold a secret is not shown at all: a secret that is cut could not be recognised afterwards.
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl Excerpt<'_> {
    const MAX_CHARS: usize = 64;
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        let mut rest = secrecy::of_value(self.0).chars();
        f.write_char('`')?;
        for c in rest.by_ref().take(Self::MAX_CHARS) {
            if c.is_control() || is_invisible(c) || c == '`' {
                write!(f, "\\u{:04x}", c as u32)?;
            } else {
                f.write_char(c)?;
            }
        }
        f.write_char('`')?;
        if rest.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// Characters that change how the text around them is shown, such as directional marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_shortened_and_control_characters_are_escaped() {
        assert_eq!(Excerpt("ten").to_string(), "`ten`");
        assert_eq!(Excerpt("a\0b\u{202e}`").to_string(), "`a\\u0000b\\u202e\\u0060`");
        assert_eq!(Excerpt(&"ä".repeat(65)).to_string(), format!("`{}`…", "ä".repeat(64)));
        assert_eq!(Excerpt(&"ä".repeat(64)).to_string(), format!("`{}`", "ä".repeat(64)));
    }

    #[test]
    fn a_value_that_may_hold_a_secret_is_not_shown_where_it_is_cut_neither() {
        let text = format!("{}0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a", "x".repeat(30));
        assert_eq!(Excerpt(&text).to_string(), "`…`");
    }
}
