//! Subjects: the people and programs that log time.

use super::text::line_of_text;

line_of_text! {
    /// The person or program that a token speaks for: NFC, trimmed, 1 to 120 characters, at least one of them visible,
    /// no control characters.
    Subject: 1 to 120
}
