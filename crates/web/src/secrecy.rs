//! Keeps secrets that callers send out of messages.
//!
//! The secret of a capture token is part of the path, because some tools can only be given a URL. A path without a
//! route may hold a secret too, misspelt or misplaced, and people confuse secrets with ids, names or values. Messages
//! end up in places where secrets must not be. So every problem is searched for them ([`of_text`]), and values are
//! hidden before they are shortened ([`of_value`]). Routes are named by their patterns elsewhere.

use std::borrow::Cow;

use uuid::Uuid;

use crate::percent;

/// Shown in place of a secret.
const HIDDEN: &str = "…";

/// The prefixes of secrets.
const PREFIXES: [&str; 2] = ["stint_", "waka_"];

/// The length of a secret without a prefix: a UUID of version 4, with or without hyphens.
const CHARS: [usize; 2] = [36, 32];

/// The path without what may be a secret.
pub(crate) fn of_path(path: &str) -> Cow<'_, str> {
    if !path.split('/').any(may_name_ping) && !path.split('/').any(may_be_secret) {
        return Cow::Borrowed(path);
    }
    let (mut shown, mut after_ping) = (Vec::new(), false);
    for segment in path.split('/') {
        shown.push(if !segment.is_empty() && (after_ping || may_be_secret(segment)) { HIDDEN } else { segment });
        after_ping = after_ping || may_name_ping(segment);
    }
    Cow::Owned(shown.join("/"))
}

/// The value, hidden if it may hold a secret.
pub(crate) fn of_value(text: &str) -> &str {
    if may_be_secret(text) { HIDDEN } else { text }
}

/// A message without what may be a secret.
pub(crate) fn of_text(text: String) -> String {
    if !may_be_secret(&text) {
        return text;
    }
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(first) = rest.chars().next() {
        let hidden = length_of_secret(rest);
        if hidden > 0 {
            shown.push_str(HIDDEN);
            rest = &rest[hidden..];
        } else {
            shown.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shown
}

/// Whether a text has the prefix of a secret. For texts that often are UUIDs of version 4, such as request ids, and
/// that are shown then.
pub(crate) fn has_prefix_of_secret(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| text.contains(prefix))
}

/// The length of what may be a secret at the beginning of a message; 0 if there is none.
fn length_of_secret(text: &str) -> usize {
    const LEAST: usize = 16;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    for prefix in PREFIXES {
        let Some(after) = text.strip_prefix(prefix) else { continue };
        let length = after.bytes().take_while(|byte| is_part(byte)).count();
        return if length < LEAST { 0 } else { prefix.len() + length };
    }
    let is_id = |chars: &usize| text.as_bytes().get(..*chars).is_some_and(is_v4);
    CHARS.into_iter().find(is_id).unwrap_or_default()
}

/// Whether a secret follows this segment, however it is spelt.
fn may_name_ping(segment: &str) -> bool {
    decoded(segment).eq_ignore_ascii_case("ping")
}

/// Whether it may hold the secret of a token. Our own ids are not of version 4, so they are shown.
fn may_be_secret(segment: &str) -> bool {
    let text = decoded(segment);
    has_prefix_of_secret(&text) || CHARS.iter().any(|chars| text.as_bytes().windows(*chars).any(is_v4))
}

fn is_v4(text: &[u8]) -> bool {
    Uuid::try_parse_ascii(text).is_ok_and(|id| id.get_version_num() == 4)
}

fn decoded(segment: &str) -> Cow<'_, str> {
    percent::decode(segment).unwrap_or(Cow::Borrowed(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_hidden_and_nothing_else() {
        const SECRET: &str = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a";
        let shown = |path: &str| of_path(&path.replace('#', SECRET)).into_owned();
        assert_eq!(shown("/ping/#/"), "/ping/…/");
        assert_eq!(shown("/PING/what/ever"), "/PING/…/…");
        assert_eq!(shown("/%70ing/x"), "/%70ing/…");
        assert_eq!(shown("/api/v1/ping/#"), "/api/v1/ping/…");
        assert_eq!(shown("/pings/#.gif"), "/pings/…");
        assert_eq!(shown("/x/%30b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a"), "/x/…");
        assert_eq!(shown("/x/waka_y/stint_z"), "/x/…/…");
        assert_eq!(of_path(&format!("/x/{}", SECRET.to_uppercase())), "/x/…");
        assert_eq!(of_value(&format!("waka_{SECRET}")), "…");
        assert_eq!(shown("/x/0b9a3c1e5d7f4e2a8b6c1f0e9d8c7b6a"), "/x/…");
        assert_eq!(of_text("no `0B9A3C1E5D7F4E2A8B6C1F0E9D8C7B6A`".to_owned()), "no `…`");
        assert_eq!(of_value("01890a5dac96774bbcceb302099a8057"), "01890a5dac96774bbcceb302099a8057");
        assert_eq!(of_value("01890a5d-ac96-774b-bcce-b302099a8057x"), "01890a5d-ac96-774b-bcce-b302099a8057x");
        let told = |text: &str| of_text(text.replace('#', SECRET));
        assert_eq!(told("there is no job #"), "there is no job …");
        assert_eq!(told("#, waka_#; `ä#`"), "…, …; `ä…`");
        assert_eq!(told(&format!("it is stint_{}.", "aB3_-".repeat(9))), "it is ….");
        let open = "see stint_http and the job 01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(told(open), open);
        for open in ["/", "/api/v1/job/01890a5d-ac96-774b-bcce-b302099a8057", "/pinga/x", "/%zz"] {
            assert_eq!(shown(open), open);
        }
    }
}
