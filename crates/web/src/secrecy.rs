//! Keeps secrets that stand in URLs out of messages.
//!
//! A capture token's secret is a part of the path, because tools can be told a URL and nothing else. A path that no
//! route takes may hold one as well, misspelt or misplaced, and messages end up in places where secrets must not be.
//! Routes that are taken are named by their patterns, which is not done here.

use std::borrow::Cow;

use uuid::Uuid;

use crate::percent;

/// What stands in place of a secret.
const HIDDEN: &str = "…";

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

/// A part of a path or query, without what is or may be a secret: people mistake one for an id.
pub(crate) fn of_value(text: &str) -> &str {
    if may_be_secret(text) { HIDDEN } else { text }
}

/// Whether a secret is to follow, however that is spelt.
fn may_name_ping(segment: &str) -> bool {
    decoded(segment).eq_ignore_ascii_case("ping")
}

/// Whether it holds a token's secret, or something like one. Our own ids are no version 4, so that they can be named.
fn may_be_secret(segment: &str) -> bool {
    const CHARS: usize = 36;
    let text = decoded(segment);
    let is_v4 = |window: &[u8]| Uuid::try_parse_ascii(window).is_ok_and(|id| id.get_version_num() == 4);
    text.contains("stint_") || text.contains("waka_") || text.as_bytes().windows(CHARS).any(is_v4)
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
        assert_eq!(of_value("01890a5d-ac96-774b-bcce-b302099a8057x"), "01890a5d-ac96-774b-bcce-b302099a8057x");
        for open in ["/", "/api/v1/job/01890a5d-ac96-774b-bcce-b302099a8057", "/pinga/x", "/%zz"] {
            assert_eq!(shown(open), open);
        }
    }
}
