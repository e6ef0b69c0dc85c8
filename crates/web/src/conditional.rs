//! Conditional requests (RFC 9110, section 13): `ETag`, `If-Match`, `If-None-Match`.
//!
//! An entity tag is the version in double quotes. It is always strong, and changes whenever the representation does.
//! There is no `Last-Modified`, so the headers that compare dates are ignored, as the RFC says.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use stint_domain::ledger::{Precondition, PreconditionFailed};
use stint_domain::values::Version;

use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

/// What a write requires of the present state.
pub(crate) fn for_write(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let if_match = match Tags::read(headers, &header::IF_MATCH)? {
        None => Precondition::None,
        Some(Tags::Any) => Precondition::Exists,
        // Strong comparison: a weak tag matches nothing.
        Some(Tags::List(tags)) => {
            Precondition::Version(tags.iter().filter(|tag| !tag.weak).filter_map(|tag| tag.version).collect())
        }
    };
    match Tags::read(headers, &header::IF_NONE_MATCH)? {
        None => Ok(if_match),
        Some(Tags::Any) if if_match == Precondition::None => Ok(Precondition::Absent),
        // It would have to exist and not to exist.
        Some(Tags::Any) => Ok(Precondition::Version(Vec::new())),
        Some(Tags::List(_)) => {
            Err(Problem::new(Code::MalformedHeader, "If-None-Match: must be `*` on a request that changes something"))
        }
    }
}

/// What a read requires of the present state.
pub(crate) struct ReadCondition {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl ReadCondition {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let if_match = Tags::read(headers, &header::IF_MATCH)?;
        Ok(Self { if_match, if_none_match: Tags::read(headers, &header::IF_NONE_MATCH)? })
    }

    /// Whether the caller has `version` already, so that it is not sent again. `If-Match` is checked first.
    pub(crate) fn is_known(&self, version: Version) -> Result<bool, PreconditionFailed> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.hold(version, Comparison::Strong)) {
            return Err(PreconditionFailed { current: Some(version) });
        }
        Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.hold(version, Comparison::Weak)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// What one of the two headers says.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    List(Vec<Tag>),
}

/// One entity tag. Without a version it is well-formed, but matches nothing here.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    version: Option<Version>,
}

impl Tags {
    fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Problem> {
        let mut tags = Vec::new();
        let mut lines = headers.get_all(name).peekable();
        if lines.peek().is_none() {
            return Ok(None);
        }
        let any = |line: &HeaderValue| line.as_bytes().trim_ascii() == b"*";
        for line in lines {
            if any(line) && headers.get_all(name).count() == 1 {
                return Ok(Some(Self::Any));
            }
            parse_list(line, &mut tags).ok_or_else(|| malformed(name, line))?;
        }
        match (tags.is_empty(), headers.get(name)) {
            (true, Some(line)) => Err(malformed(name, line)),
            _ => Ok(Some(Self::List(tags))),
        }
    }

    fn hold(&self, version: Version, comparison: Comparison) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => {
                tags.iter().any(|tag| tag.version == Some(version) && !(tag.weak && comparison == Comparison::Strong))
            }
        }
    }
}

/// Reads `"a", W/"b"`. Quotes may contain commas, and elements may be empty (RFC 9110, section 5.6.1).
fn parse_list(line: &HeaderValue, tags: &mut Vec<Tag>) -> Option<()> {
    let mut rest = line.as_bytes().trim_ascii();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
            continue;
        }
        let (weak, quoted) = rest.strip_prefix(b"W/").map_or((false, rest), |quoted| (true, quoted));
        let opaque = quoted.strip_prefix(b"\"")?;
        let end = opaque.iter().position(|&b| b == b'"')?;
        let (opaque, after) = opaque.split_at(end);
        if opaque.iter().any(|&b| b <= b' ' || b == 0x7f) {
            return None;
        }
        tags.push(Tag { weak, version: version(opaque) });
        rest = after.strip_prefix(b"\"")?.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
    Some(())
}

/// The version with exactly this text: `"017"` is not the tag of 17.
fn version(opaque: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(opaque).ok()?;
    let version = Version::new(text.parse().ok()?).ok()?;
    (version.to_string() == text).then_some(version)
}

fn malformed(name: &HeaderName, line: &HeaderValue) -> Problem {
    let name = if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
    let value = String::from_utf8_lossy(line.as_bytes());
    let detail = format!("{name}: must be `*` or a list of entity tags in double quotes, got {}", Excerpt(&value));
    Problem::new(Code::MalformedHeader, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn version(number: i64) -> Version {
        Version::new(number).unwrap()
    }

    #[test]
    fn if_match_of_a_write_is_a_list_of_strong_tags_or_a_star() {
        let read = |value| for_write(&headers(&[(header::IF_MATCH, value)])).unwrap();
        assert_eq!(read("*"), Precondition::Exists);
        assert_eq!(read("\"17\""), Precondition::Version(vec![version(17)]));
        assert_eq!(read(" \"17\" ,, \"a,b\",\"18\""), Precondition::Version(vec![version(17), version(18)]));
        assert_eq!(read("W/\"17\""), Precondition::Version(vec![]));
        assert_eq!(read("\"017\", \"+17\", \"-1\""), Precondition::Version(vec![]));
        assert_eq!(for_write(&HeaderMap::new()).unwrap(), Precondition::None);
        let lines = headers(&[(header::IF_MATCH, "\"1\""), (header::IF_MATCH, "\"2\"")]);
        assert_eq!(for_write(&lines).unwrap(), Precondition::Version(vec![version(1), version(2)]));
    }

    #[test]
    fn if_none_match_of_a_write_is_a_star_alone() {
        assert_eq!(for_write(&headers(&[(header::IF_NONE_MATCH, "*")])).unwrap(), Precondition::Absent);
        assert!(for_write(&headers(&[(header::IF_NONE_MATCH, "\"1\"")])).is_err());
    }

    #[test]
    fn both_headers_together_never_hold() {
        let both = headers(&[(header::IF_MATCH, "\"1\""), (header::IF_NONE_MATCH, "*")]);
        assert_eq!(for_write(&both).unwrap(), Precondition::Version(vec![]));
        let both = headers(&[(header::IF_MATCH, "*"), (header::IF_NONE_MATCH, "*")]);
        assert_eq!(for_write(&both).unwrap(), Precondition::Version(vec![]));
    }

    #[test]
    fn a_malformed_header_is_refused() {
        for bad in ["", ",", "17", "\"17", "17\"", "\"1\" \"2\"", "w/\"1\"", "*, \"1\"", "\"a b\"", "W/ \"1\""] {
            let problem = for_write(&headers(&[(header::IF_MATCH, bad)])).unwrap_err();
            assert_eq!(problem.code(), Code::MalformedHeader, "{bad}");
            assert!(ReadCondition::of(&headers(&[(header::IF_NONE_MATCH, bad)])).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_read_compares_if_none_match_weakly_and_if_match_strongly() {
        let known = |lines: &[(HeaderName, &str)]| {
            ReadCondition::of(&headers(lines)).unwrap().is_known(version(7)).map_err(|_failed| "412")
        };
        assert_eq!(known(&[]), Ok(false));
        assert_eq!(known(&[(header::IF_NONE_MATCH, "W/\"7\"")]), Ok(true));
        assert_eq!(known(&[(header::IF_NONE_MATCH, "\"6\", \"8\"")]), Ok(false));
        assert_eq!(known(&[(header::IF_NONE_MATCH, "*")]), Ok(true));
        assert_eq!(known(&[(header::IF_MATCH, "\"7\"")]), Ok(false));
        assert_eq!(known(&[(header::IF_MATCH, "W/\"7\"")]), Err("412"));
        assert_eq!(known(&[(header::IF_MATCH, "\"6\""), (header::IF_NONE_MATCH, "\"7\"")]), Err("412"));
    }
}
