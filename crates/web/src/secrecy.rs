//! Keeps secrets that callers send out of messages.
//!
//! A capture token's secret is a part of the path, because tools can be told a URL and nothing else. A path that no
//! route takes may hold one as well, misspelt or misplaced, and people mistake one for an id, a name or a value; messages
//! end up in places where secrets must not be. So every problem is looked through ([`of_text`]), and values are hidden
//! before they are shortened ([`of_value`]). Routes that are taken are named by their patterns, which is not done here.

use std::borrow::Cow;

use uuid::Uuid;

use crate::percent;

/// What stands in place of a secret.
const HIDDEN: &str = "…";

/// What secrets begin with that are told apart from other text by that.
const PREFIXES: [&str; 2] = ["stint_", "waka_"];

/// How long a secret is that has no prefix: an id of version 4, with its hyphens or without.
const CHARS: [usize; 2] = [36, 32];

/// The path, without what is or may be a secret.
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

/// A value, or that it is or may hold a secret.
pub(crate) fn of_value(text: &str) -> &str {
    if may_be_secret(text) { HIDDEN } else { text }
}

/// A message, without what is or may be a secret.
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

/// Whether a text that is shown as it is, such as a request's id, has the prefix of a secret. Ids of requests often are
/// version 4, so those are shown.
pub(crate) fn has_prefix_of_secret(text: &str) -> bool {
    PREFIXES.iter().any(|prefix| text.contains(prefix))
}

/// How much of the beginning of a message is or may be a secret.
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

/// Whether a secret is to follow, however that is spelt.
fn may_name_ping(segment: &str) -> bool {
    decoded(segment).eq_ignore_ascii_case("ping")
}

/// Whether it holds a token's secret, or something like one. Our own ids are no version 4, so that they can be named.
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
