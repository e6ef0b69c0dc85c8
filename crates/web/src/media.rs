//! Media types in requests (RFC 9110, section 8.3): of a body, and of the answers that a client accepts.
//!
//! Names and values of parameters may be in upper or lower case and in quotes. Unknown parameters are ignored.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

/// Which media types of patches a route takes (RFC 5789, section 3.1).
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The media types of bodies that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// A JSON document. Other types that end in `+json` are refused: each promises more than JSON, and that would not
    /// be checked here.
    Json,
    /// A JSON Merge Patch (RFC 7396). `application/json` is accepted too, because many clients can send nothing else.
    MergePatch,
}

impl Media {
    /// The media types taken, the preferred one first.
    pub(crate) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::MergePatch => &["application/merge-patch+json", "application/json"],
        }
    }

    /// Refuses a request whose body has another media type.
    pub(crate) fn check(self, headers: &HeaderMap) -> Result<(), Problem> {
        let needed = || format!("the Content-Type must be {}", self.types().join(" or "));
        let mut lines = headers.get_all(header::CONTENT_TYPE);
        let Some(line) = lines.next() else {
            return Err(self.refused(format!("{}, got none", needed())));
        };
        if lines.next().is_some() {
            return Err(self.refused(format!("{}, got several", needed())));
        }
        let text = String::from_utf8_lossy(line.as_bytes());
        let sent = MediaType::of(&text);
        if !self.types().iter().any(|taken| sent.is(taken)) {
            return Err(self.refused(format!("{}, got {}", needed(), Excerpt(&text))));
        }
        match sent.parameters("charset").find(|charset| !is_utf8(charset)) {
            None => Ok(()),
            Some(charset) => Err(self.refused(format!("JSON is sent in UTF-8, not in {}", Excerpt(&charset)))),
        }
    }

    fn refused(self, detail: String) -> Problem {
        let types = self.types().join(", ");
        let problem = Problem::new(Code::UnsupportedMediaType, detail);
        match (HeaderValue::from_str(&types), self) {
            (Ok(types), Self::Json) => problem.with_header(header::ACCEPT, types),
            (Ok(types), Self::MergePatch) => {
                problem.with_header(ACCEPT_PATCH, types.clone()).with_header(header::ACCEPT, types)
            }
            (Err(_not_a_value), _) => problem,
        }
    }
}

/// Whether text in this charset is UTF-8. JSON's media type has no such parameter (RFC 8259, section 11), so a right
/// value is ignored, however it is spelt. Text in another charset would be read wrongly.
fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset))
}

/// A media type or range with its parameters.
pub(crate) struct MediaType<'a> {
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self { essence: essence.trim(), parameters }
    }

    pub(crate) fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Its two halves, in lower case.
    pub(crate) fn halves(&self) -> Option<(String, String)> {
        let (kind, subtype) = self.essence.split_once('/')?;
        Some((kind.to_ascii_lowercase(), subtype.to_ascii_lowercase()))
    }

    /// The values of the parameters with this name, without quotes.
    pub(crate) fn parameters(&self, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
        let all = split(self.parameters, ';').filter_map(|parameter| parameter.split_once('='));
        all.filter(move |(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| unquoted(value.trim()))
    }
}

/// The parts between the separators that are not in quotes, trimmed.
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |c| {
        let separates = c == separator && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    });
    parts.map(str::trim)
}

fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut chars = inside.chars();
    let mut text = String::with_capacity(inside.len());
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(media: Media, content_type: &str) -> Result<(), Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        media.check(&headers)
    }

    #[test]
    fn json_in_utf8_is_taken_however_that_is_said() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json; charset=utf8",
            "application/json;charset=\"utf-8\"",
            "application/json ; CharSet=\"U\\tf-8\" ; q=\";charset=latin1\"",
            "application/json;",
            "application/json; charset=us-ascii; version=1; x",
        ] {
            assert!(check(Media::Json, good).is_ok() && check(Media::MergePatch, good).is_ok(), "{good}");
        }
        assert!(check(Media::MergePatch, "application/merge-patch+json; charset=utf8").is_ok());
    }

    #[test]
    fn what_is_no_json_or_promises_more_is_refused_with_what_would_be_taken() {
        let others =
            ["text/plain", "application/merge-patch+json", "application/vnd.api+json", "application/*", "", "json"];
        for bad in others {
            let problem = check(Media::Json, bad).unwrap_err();
            assert_eq!(problem.code(), Code::UnsupportedMediaType, "{bad}");
            assert!(format!("{problem:?}").contains(r#"("accept", "application/json")"#), "{problem:?}");
        }
        let patch = format!("{:?}", check(Media::MergePatch, "application/json-patch+json").unwrap_err());
        assert!(patch.contains(r#"("accept-patch", "application/merge-patch+json, application/json")"#), "{patch}");
        assert!(Media::Json.check(&HeaderMap::new()).is_err());
        let mut twice = HeaderMap::new();
        twice.append(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        twice.append(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert!(Media::Json.check(&twice).is_err());
    }

    #[test]
    fn another_charset_is_named() {
        for charset in ["latin1", "\"UTF-16\"", "utf-8; charset=iso-8859-1", ""] {
            let problem = check(Media::Json, &format!("application/json; charset={charset}")).unwrap_err();
            let named = charset.rsplit('=').next().unwrap().trim_matches('"');
            assert!(problem.into_detail().ends_with(&format!("not in `{named}`")), "{charset}");
        }
    }

    #[test]
    fn what_stands_in_quotes_separates_nothing() {
        assert!(split(r#"a;b="x\";y" ; c"#, ';').eq(["a", r#"b="x\";y""#, "c"]));
    }
}
