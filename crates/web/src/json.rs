//! JSON as it was sent. It is parsed once and borrows from the body, so that every bad field can be named at once.
//!
//! It is stricter than `serde_json::Value`: a member that occurs twice is refused, where otherwise the last one would
//! win silently (RFC 8259, section 4). `serde_json` bounds the nesting (128). The number of values is bounded here: two
//! bytes of a body, such as `0,`, take many more in memory.

pub(crate) mod foreign;
mod writer;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

pub(crate) use self::writer::Writer;
use crate::excerpt::Excerpt;
use crate::problem::{Code, Problem};

/// The most values in one body. The largest valid batch has 5,003.
const MAX_VALUES: u32 = 100_000;

/// Bodies up to this many bytes need no estimate: they have few values, and a thread parses one body at a time.
const CHEAP: usize = 4 << 10;

/// The most bytes that the values of a body take in memory, besides the body itself. A list or an object that is not
/// empty has room for at least four values, and for twice as many as it needs while it grows. Text with escapes is
/// copied.
pub(crate) fn cost(body: &[u8]) -> usize {
    const PLACE: usize = size_of::<(Cow<'_, str>, Json<'_>)>();
    if body.len() <= CHEAP {
        return 0;
    }
    // Without branches and a few bytes at a time, whose sum fits into a byte: so the compiler counts many bytes at once.
    let places_of = |bytes: &[u8]| {
        let sum = bytes.iter().fold(0, |sum, &byte| {
            sum + 4 * u8::from(byte == b'[') + 4 * u8::from(byte == b'{') + 2 * u8::from(byte == b',')
        });
        usize::from(sum)
    };
    let (pieces, rest) = body.as_chunks::<32>();
    let places = pieces.iter().map(|piece| places_of(piece)).sum::<usize>() + places_of(rest);
    let places = places.min(4 * MAX_VALUES as usize);
    let copies = if body.contains(&b'\\') { body.len() } else { 0 };
    places * PLACE + copies
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Err(Problem::new(Code::MalformedJson, "the body is empty; a JSON object is needed"));
        }
        let left = Cell::new(MAX_VALUES);
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let json = Seed { left: &left }.deserialize(&mut deserializer);
        let json = json.and_then(|json| deserializer.end().map(|()| json));
        json.map_err(|error| match foreign::told(body) {
            Some(told) => Problem::new(Code::MalformedJson, format!("the body {told}")),
            None => Problem::new(Code::MalformedJson, error.to_string()),
        })
    }

    /// The whole number, if it is written as one: `30.0` may have been `30.00000000000000001`.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }
}

/// As a message shows it: short values as they are, others by their type.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write!(f, "the text {}", Excerpt(text)),
            Self::Array(_) => f.write_str("an array"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

/// Reads one value, and counts it.
#[derive(Clone, Copy)]
struct Seed<'b> {
    left: &'b Cell<u32>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => return Err(D::Error::custom(format_args!("more than {MAX_VALUES} values"))),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value_seed(self)?));
        }
        match twice(&members) {
            Some(name) => Err(A::Error::custom(format_args!("the member {} occurs twice", Excerpt(name)))),
            None => Ok(Json::Object(members)),
        }
    }
}

/// A member's name, borrowed when it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A name that occurs twice. Callers choose how many members there are, so large objects are sorted instead of
/// searched.
fn twice<'m>(members: &'m [(Cow<'_, str>, Json<'_>)]) -> Option<&'m str> {
    if members.len() <= 16 {
        let found = members.iter().enumerate().find(|(at, (name, _))| members[..*at].iter().any(|(n, _)| n == name));
        return found.map(|(_, (name, _))| name.as_ref());
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &[u8]) -> String {
        let problem = Json::parse(body).unwrap_err();
        assert_eq!(problem.code(), Code::MalformedJson);
        format!("{problem:?}")
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        assert!(refusal(b"").contains("the body is empty"));
        assert!(refusal(br#"{"name": }"#).contains("line 1 column 10"));
        assert!(refusal(b"{} {}").contains("trailing characters"));
        assert!(refusal(b"{\"name\": \"\xff\"}").contains("not in UTF-8: byte 10 is FF"));
        assert!(refusal("\u{feff}{}".as_bytes()).contains("byte order mark"));
        assert!(refusal(br#"{"name": "\ud800"}"#).contains("column"));
        assert!(refusal(br#"{"name": "\udc00x"}"#).contains("surrogate"));
        assert!(refusal(br#"{"minutes_worked": 1e400}"#).contains("number out of range"));
        assert!(refusal("[".repeat(5000).as_bytes()).contains("recursion limit"));
        assert!(refusal("{\"a\":".repeat(5000).as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn a_body_of_very_many_values_is_refused_while_it_is_read() {
        let zeros = |many: usize| format!("[{}0]", "0,".repeat(many - 1));
        // The array itself is one value.
        assert!(Json::parse(zeros(99_999).as_bytes()).is_ok());
        assert!(refusal(zeros(100_000).as_bytes()).contains("more than 100000 values"));
    }

    #[test]
    fn what_values_take_is_counted_before_there_are_any() {
        let size = |json: &Json<'_>| {
            fn of(json: &Json<'_>) -> usize {
                match json {
                    Json::String(Cow::Owned(text)) => text.capacity(),
                    Json::Array(items) => {
                        items.capacity() * size_of::<Json<'_>>() + items.iter().map(of).sum::<usize>()
                    }
                    Json::Object(members) => {
                        let names = members
                            .iter()
                            .map(|(name, json)| of(json) + if matches!(name, Cow::Owned(_)) { name.len() } else { 0 });
                        members.capacity() * size_of::<(Cow<'_, str>, Json<'_>)>() + names.sum::<usize>()
                    }
                    _ => 0,
                }
            }
            of(json)
        };
        let empty = format!("[{}[]]", "[],".repeat(20_000));
        let objects = format!("[{}{{}}]", r#"{"a":{"b":0}},"#.repeat(5_000));
        let escaped = format!("[{}0]", r#""\u0061bcdefgh","#.repeat(5_000));
        for body in [empty, objects, escaped] {
            let taken = size(&Json::parse(body.as_bytes()).unwrap());
            assert!(taken <= cost(body.as_bytes()), "{taken} bytes of {}", &body[..20]);
        }
        assert_eq!(cost(b"[0,0]"), 0);
        assert_eq!(cost("x".repeat(100_000).as_bytes()), 0);
        assert!(cost(",".repeat(1 << 20).as_bytes()) < 32 << 20, "no more than for the values that are read at all");
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_in_small_and_in_large_objects() {
        assert!(refusal(br#"{"a": 1, "\u0061": 2}"#).contains("the member `a` occurs twice"));
        let many: Vec<String> = (0..100).chain([42]).map(|i| format!("\"m{i}\": 0")).collect();
        assert!(refusal(format!("{{{}}}", many.join(",")).as_bytes()).contains("the member `m42` occurs twice"));
    }

    #[test]
    fn whole_numbers_are_those_that_are_written_as_such() {
        let integer = |text: &str| Json::parse(text.as_bytes()).unwrap().as_integer();
        assert_eq!(["30", "-3", "0"].map(integer), [Some(30), Some(-3), Some(0)]);
        assert_eq!(
            ["30.5", "30.0", "30.00000000000000001", "3e1", "1e300", "99999999999999999999"].map(integer),
            [None; 6]
        );
        assert_eq!(["\"30\"", "true"].map(integer), [None; 2]);
    }
}
