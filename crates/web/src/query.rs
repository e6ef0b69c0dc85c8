//! Reads a query string strictly, and reports every bad parameter at once.
//!
//! Unknown, repeated and malformed parameters are refused. If a misspelt filter were ignored, the answer would have too
//! much, and nobody would notice.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use crate::base_path::BasePath;
use crate::excerpt::Excerpt;
use crate::problem::{Errors, FieldError, Problem};
use crate::{percent, secrecy};
use actix_web::HttpRequest;

/// A query string that is being read.
pub(crate) struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    known: &'static [&'static str],
    errors: Errors,
}

impl<'a> Query<'a> {
    /// Splits and decodes a query string. The route takes the parameters `known`.
    pub(crate) fn of(request: &'a HttpRequest, known: &'static [&'static str]) -> Self {
        let mut query = Self { pairs: Vec::new(), known, errors: Errors::default() };
        for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
            query.add(pair);
        }
        query
    }

    /// Refuses every parameter, on routes that take none.
    pub(crate) fn none(request: &HttpRequest) -> Result<(), Problem> {
        if request.query_string().is_empty() { Ok(()) } else { Query::of(request, &[]).finish() }
    }

    /// A parameter that may be absent; `None` also after an error.
    pub(crate) fn optional<T, E: Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let (_, value) = self.pairs.iter().find(|(known, _)| known == name)?;
        match read(value) {
            Ok(value) => Some(value),
            Err(error) => {
                let detail = format!("{error}, got {}", Excerpt(value));
                self.refuse(name, detail);
                None
            }
        }
    }

    /// Refuses a parameter.
    pub(crate) fn refuse(&mut self, name: &str, detail: String) {
        self.errors.push(FieldError::of(name, detail));
    }

    pub(crate) fn gives(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// The errors so far, to be reported with those of other parts of the request.
    pub(crate) fn take_errors(&mut self) -> Errors {
        std::mem::take(&mut self.errors)
    }

    /// Fails if there were errors.
    pub(crate) fn finish(&mut self) -> Result<(), Problem> {
        let errors = self.take_errors();
        if errors.is_empty() { Ok(()) } else { Err(errors.into_problem()) }
    }

    /// The filters that were given, in a fixed order, after `within`: a cursor is valid for these only.
    pub(crate) fn filters(&self, within: &str) -> String {
        let mut filters = within.to_owned();
        for known in self.known.iter().filter(|known| !["limit", "cursor"].contains(known)) {
            if let Some((name, value)) = self.pairs.iter().find(|(name, _)| name == known) {
                filters.push_str(name);
                filters.push('=');
                percent::encode_into(value, &mut filters);
                filters.push('&');
            }
        }
        filters
    }

    /// The `Link` to the page at `cursor`: the same query with another cursor.
    pub(crate) fn link_to_next(&self, base: &BasePath, path: &str, cursor: &str) -> String {
        let mut link = String::with_capacity(path.len() + cursor.len() + 64);
        link.push('<');
        link.push_str(base.as_str());
        link.push_str(path);
        link.push('?');
        for (name, value) in self.pairs.iter().filter(|(name, _)| name != "cursor") {
            percent::encode_into(name, &mut link);
            link.push('=');
            percent::encode_into(value, &mut link);
            link.push('&');
        }
        link.push_str("cursor=");
        percent::encode_into(cursor, &mut link);
        link.push_str(">; rel=\"next\"");
        link
    }

    fn add(&mut self, pair: &'a str) {
        let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = match percent::decode(raw_name) {
            Ok(name) if self.known.contains(&name.as_ref()) => name,
            Ok(name) => return self.refuse_unknown(&name),
            Err(_) => return self.refuse_unknown(raw_name),
        };
        if self.pairs.iter().any(|(seen, _)| *seen == name) {
            return self.refuse(&name, "must be given once".to_owned());
        }
        match percent::decode(raw_value) {
            Ok(value) => self.pairs.push((name, value)),
            Err(error) => self.refuse(&name, format!("{error}, got {}", Excerpt(raw_value))),
        }
    }

    fn refuse_unknown(&mut self, name: &str) {
        let shown: String = secrecy::of_value(name).chars().filter(|c| !c.is_control()).take(64).collect();
        let known = self.known.join(", ");
        let detail = if known.is_empty() {
            format!("{} is unknown; no query parameter is taken here", Excerpt(name))
        } else {
            format!("{} is unknown; known are {known}", Excerpt(name))
        };
        self.errors.push(FieldError::of(shown, detail));
    }
}

/// A number in digits alone; `parse` would accept a sign.
pub(crate) fn digits<N: FromStr>(text: &str) -> Option<N> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use stint_domain::ledger::NamePart;

    use super::*;

    const KNOWN: &[&str] = &["limit", "q", "cursor"];

    fn errors_of(query: &str) -> Vec<(String, String)> {
        let request = TestRequest::with_uri(&format!("/jobs?{query}")).to_http_request();
        let mut query = Query::of(&request, KNOWN);
        query.optional("limit", str::parse::<u8>);
        query.optional("q", NamePart::new);
        let errors = std::mem::take(&mut query.errors).into_list();
        errors.into_iter().map(|error| (error.parameter.unwrap(), error.detail)).collect()
    }

    #[test]
    fn every_bad_parameter_is_named_at_once() {
        let names = |query| errors_of(query).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("limit=abc&q=&colour=red"), ["colour", "limit", "q"]);
        assert_eq!(names("q=%00"), ["q"]);
        assert_eq!(names("q=%ff"), ["q"]);
        assert_eq!(names("q=%zz"), ["q"]);
        assert_eq!(names("limit"), ["limit"]);
        assert_eq!(names("%ff=1"), ["%ff"]);
        assert_eq!(names("limit=1&limit=1"), ["limit"]);
        assert_eq!(names("LIMIT=1"), ["LIMIT"]);
        assert!(names("limit=1&q=a%20b+c&&").is_empty());
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        let request = TestRequest::with_uri("/jobs?q=a+%26b&cursor=old&limit=7").to_http_request();
        let query = Query::of(&request, KNOWN);
        let link = query.link_to_next(&BasePath::default(), "/api/v1/jobs", "new");
        assert_eq!(link, r#"</api/v1/jobs?q=a%20%26b&limit=7&cursor=new>; rel="next""#);
    }
}
