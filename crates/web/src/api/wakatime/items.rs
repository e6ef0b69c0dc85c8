//! Splitting a body into its heartbeats, so that one that is wrong is no other's affair.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use crate::problem::{Code, Problem};

/// The body, or what is in the JSON string that it is: a plugin that runs in browsers makes JSON of its JSON.
pub(super) fn unwrapped(body: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    if body.trim_ascii_start().first() != Some(&b'"') {
        return Ok(Cow::Borrowed(body));
    }
    match serde_json::from_slice::<String>(body) {
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(error) => Err(malformed(error.column(), "a JSON string was expected")),
    }
}

/// The text of each heartbeat, of a list or of a single one.
pub(super) fn split(body: &[u8], most: usize) -> Result<Vec<&[u8]>, Problem> {
    let body = body.trim_ascii();
    match body.first() {
        Some(b'[') => list(body, most),
        Some(b'{') => match value(body)? {
            length if length == body.len() => Ok(vec![body]),
            length => Err(malformed(length, "the end of the body was expected")),
        },
        _ => Err(Problem::new(Code::MalformedJson, "the body must be a JSON array of heartbeats, or one heartbeat")),
    }
}

fn list(body: &[u8], most: usize) -> Result<Vec<&[u8]>, Problem> {
    let (mut items, mut at) = (Vec::new(), skip_space(body, 1));
    if body.get(at) == Some(&b']') {
        at += 1;
    } else {
        loop {
            let length = value(&body[at..]).map_err(|_error| malformed(at, "a heartbeat was expected"))?;
            if items.len() == most {
                let detail = format!("more than {most} heartbeats");
                return Err(Problem::new(Code::BodyTooLarge, detail));
            }
            items.push(body[at..at + length].trim_ascii());
            at = skip_space(body, at + length);
            match body.get(at) {
                Some(b',') => at = skip_space(body, at + 1),
                Some(b']') => break at += 1,
                _ => return Err(malformed(at, "`,` or `]` was expected")),
            }
        }
    }
    if at == body.len() { Ok(items) } else { Err(malformed(at, "the end of the body was expected")) }
}

/// How long the value is with which the text begins. What it says is not looked at.
fn value(text: &[u8]) -> Result<usize, Problem> {
    let mut values = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Ok(values.byte_offset()),
        _ => Err(malformed(values.byte_offset(), "JSON was expected")),
    }
}

fn skip_space(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

fn malformed(place: usize, detail: &str) -> Problem {
    Problem::new(Code::MalformedJson, format!("{detail} at byte {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(body: &str) -> Vec<&str> {
        split(body.as_bytes(), 5).unwrap().into_iter().map(|item| std::str::from_utf8(item).unwrap()).collect()
    }

    fn refusal(body: &str) -> Code {
        split(body.as_bytes(), 5).unwrap_err().code()
    }

    #[test]
    fn a_list_and_a_single_heartbeat_are_split() {
        assert_eq!(items(" [ ] "), [""; 0]);
        assert_eq!(items("{\"a\": [1, 2]}\n"), ["{\"a\": [1, 2]}"]);
        assert_eq!(items("[{\"a\":\"],[\"} , {} ,\n7,null,\"x\"]"), ["{\"a\":\"],[\"}", "{}", "7", "null", "\"x\""]);
    }

    #[test]
    fn json_within_a_json_string_is_unwrapped_once() {
        let unwrapped = |body: &'static str| unwrapped(body.as_bytes()).map(Cow::into_owned);
        assert_eq!(unwrapped(r#" "[{\"time\": 1}]" "#).unwrap(), br#"[{"time": 1}]"#);
        assert_eq!(unwrapped("[7]").unwrap(), b"[7]");
        assert_eq!(unwrapped(r#""[7]" x"#).unwrap_err().code(), Code::MalformedJson);
    }

    #[test]
    fn what_is_inside_of_one_is_looked_at_later() {
        assert_eq!(items(r#"[{"entity": "\udcff"}, {"time": 1, "time": 2}]"#).len(), 2);
    }

    #[test]
    fn what_is_no_list_of_json_is_refused_as_a_whole() {
        for body in
            ["", "7", "null", "[", "[{}", "[{},", "[{},]", "[,{}]", "[{}]]", "{} {}", "[{} {}]", "{", "[{]", "x"]
        {
            assert_eq!(refusal(body), Code::MalformedJson, "{body}");
        }
        assert_eq!(refusal(&"[".repeat(100_000)), Code::MalformedJson);
        assert_eq!(refusal("[1,2,3,4,5,6]"), Code::BodyTooLarge);
    }
}
