//! An answer as it came over the wire, with the checks that tests make on it.

use std::fmt;

use serde_json::Value;

/// Status, headers with names in lower case, and body.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The problem, if it has this status and code and keeps the form of RFC 9457.
    #[track_caller]
    pub(super) fn expect_problem(self, status: u16, code: &str) -> Value {
        let problem = self.expect(status).problem();
        assert_eq!(problem["code"], code, "{problem:#}");
        problem
    }

    /// The problem, which must keep the form that all problems have.
    #[track_caller]
    pub(super) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        let problem = self.json();
        for member in ["type", "title", "code", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {self}");
        }
        assert_eq!(problem["status"], self.status, "{self}");
        let code = problem["code"].as_str().unwrap();
        assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{self}");
        assert!(problem["type"].as_str().unwrap().ends_with(code), "{self}");
        for error in problem.get("errors").into_iter().flat_map(|errors| errors.as_array().unwrap()) {
            let in_body =
                error["pointer"].as_str().is_some_and(|pointer| pointer.is_empty() || pointer.starts_with('/'));
            let in_url = error["parameter"].is_string();
            assert!(in_body != in_url && error["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self}");
        }
        problem
    }

    /// The JSON pointers and parameter names in the problem's `errors`, sorted.
    #[track_caller]
    pub(super) fn blamed(&self) -> Vec<String> {
        let problem = self.problem();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {self}"));
        let place = |error: &Value| error.get("pointer").unwrap_or(&error["parameter"]).as_str().unwrap().to_owned();
        let mut places: Vec<_> = errors.iter().map(place).collect();
        places.sort();
        places
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The strong entity tag, which must be there.
    #[track_caller]
    pub(super) fn etag(&self) -> String {
        let etag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {self}"));
        assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'), "no strong ETag: {etag}");
        etag.to_owned()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The URL of the next page, from `Link`.
    #[track_caller]
    pub(super) fn next_link(&self) -> Option<String> {
        let link = self.header("link")?;
        let url = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
        Some(url.unwrap_or_else(|| panic!("an odd Link: {link}")).to_owned())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// The keys of a JSON object in the order of the text, which a parsed object does not keep.
pub(super) fn keys_in_order(object: &str) -> Vec<String> {
    let (mut keys, mut depth, mut text) = (Vec::new(), 0, None::<String>);
    let mut chars = object.chars();
    while let Some(char) = chars.next() {
        match (&mut text, char) {
            (Some(inside), '\\') => inside.extend(chars.next()),
            (Some(_), '"') => {
                let word = text.take().unwrap_or_default();
                if depth == 1 && chars.as_str().trim_start().starts_with(':') {
                    keys.push(word);
                }
            }
            (Some(inside), other) => inside.push(other),
            (None, '"') => text = Some(String::new()),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            (None, _) => {}
        }
    }
    keys
}
