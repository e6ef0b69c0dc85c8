//! Splits a body into heartbeats, so that a bad one does not spoil the others.

use std::borrow::Cow;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, Visitor};
use serde_json::Deserializer;

use crate::json::{self, foreign};
use crate::problem::{Code, Problem};

pub(super) fn cost(body: &[u8]) -> usize {
    let unwrapped = if is_text(body) { body.len() } else { 0 };
    unwrapped + json::cost(body)
}

fn is_text(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'"')
}

/// The body, or the JSON inside, if the body is a JSON string: one browser plugin encodes its JSON twice.
pub(super) fn unwrapped(body: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    if !is_text(body) {
        return Ok(Cow::Borrowed(body));
    }
    match lossy(body) {
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(error) => Err(malformed(error.column(), "a JSON string was expected")),
    }
}

/// The text of each heartbeat, of a list or of a single one.
pub(super) fn split(body: &[u8], most: usize) -> Result<Vec<&[u8]>, Problem> {
    split_json(body.trim_ascii(), most).map_err(|problem| match foreign::told_by_start(body) {
        Some(told) => Problem::new(Code::MalformedJson, format!("the body {told}")),
        None => problem,
    })
}

fn split_json(body: &[u8], most: usize) -> Result<Vec<&[u8]>, Problem> {
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

/// Calls `see` with the name and the text of each member's value. `None` if it is not an object.
pub(super) fn members<'o>(object: &'o [u8], mut see: impl FnMut(&str, &'o [u8])) -> Option<()> {
    let object = object.trim_ascii();
    let skip = |at: usize, byte: u8| (object.get(at) == Some(&byte)).then(|| skip_space(object, at + 1));
    let mut at = skip(0, b'{')?;
    if skip(at, b'}') == Some(object.len()) {
        return Some(());
    }
    loop {
        let length = value(&object[at..]).ok()?;
        let name = text(&object[at..at + length])?;
        at = skip(skip_space(object, at + length), b':')?;
        let length = value(&object[at..]).ok()?;
        see(&name, object[at..at + length].trim_ascii());
        at = skip_space(object, at + length);
        match skip(at, b',') {
            Some(next) => at = next,
            None => return (skip(at, b'}') == Some(object.len())).then_some(()),
        }
    }
}

/// The text of a JSON string. Bytes that are not UTF-8 and unpaired surrogates are replaced.
pub(super) fn text(json: &[u8]) -> Option<String> {
    if json.first() == Some(&b'"') { lossy(json).ok() } else { None }
}

fn lossy(json: &[u8]) -> Result<String, serde_json::Error> {
    struct Lossy;

    impl Visitor<'_> for Lossy {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("text")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }

    let mut deserializer = Deserializer::from_slice(json);
    let text = deserializer.deserialize_bytes(Lossy)?;
    deserializer.end().map(|()| text)
}

/// The length of the JSON value at the beginning of the text. The value itself is not looked at.
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
    fn members_are_shown_with_the_text_of_their_values() {
        let shown = |object: &str| {
            let mut shown = String::new();
            let done = members(object.as_bytes(), |name, value| {
                shown.extend([name, "=", std::str::from_utf8(value).unwrap(), ";"]);
            });
            done.map(|()| shown)
        };
        assert_eq!(shown(" { } ").unwrap(), "");
        assert_eq!(
            shown("{\"a\" : [{\"x\": \",\"}] , \"\\u0062\":\"}\",\"c\": 1e999 }").unwrap(),
            "a=[{\"x\": \",\"}];b=\"}\";c=1e999;"
        );
        for bad in ["", "7", "[]", "{", "{}x", "{1: 2}", "{\"a\"}", "{\"a\": 1,}", "{\"a\": 1", "{\"a\": 1}}"] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_is_read_whatever_its_bytes_are() {
        assert_eq!(text(b"\"a\\n\xff\"").unwrap(), "a\n\u{fffd}");
        assert!(text(br#""x\udcffy""#).unwrap().starts_with('x'));
        assert_eq!((text(b"7"), text(b"[1]"), text(b"null")), (None, None, None));
    }

    #[test]
    fn what_is_no_utf8_json_is_told_by_its_name() {
        let utf16: Vec<u8> = "[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (body, named) in
            [("\u{feff}[{}]".as_bytes(), "byte order mark"), (&utf16, "UTF-16"), (b"\x1f\x8b\x08", "gzip")]
        {
            assert!(split(body, 5).unwrap_err().into_detail().contains(named), "{named}");
        }
        // File names may have any bytes.
        assert!(split(b"[{\"entity\": \"\xff\"}]", 5).is_ok());
        assert!(split(b"[{\"entity\": \"\xff\"},]", 5).unwrap_err().into_detail().contains("a heartbeat was expected"));
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
