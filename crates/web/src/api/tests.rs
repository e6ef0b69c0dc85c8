//! Compares every body's schema with its reader: what the schema allows is read, and what it forbids is refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::access::tokens::TokenInput;
use super::capture::capture_tokens::input::{CaptureTokenInput, CaptureTokenOfJobInput, CaptureTokenPatch};
use super::capture::ping::input::PingInput;
use super::ledger::batch::{Batch, BatchInput, BatchItemInput};
use super::ledger::jobs::{JobInput, JobPatch};
use super::ledger::time_entries::{TimeEntryInput, TimeEntryOfJobInput, TimeEntryPatch};
use super::people::account::{AccountPatch, PasswordInput};
use super::people::invitations::AcceptInput;
use super::people::person::{PersonInput, PersonPatch};
use super::people::session::SignInInput;
use super::timers::timer::{StartTimerInput, StopTimerInput, TimerPatch};
use crate::input::Object as _;
use crate::json::Json;
use crate::openapi::Example as _;

/// An example of a body, and whether its reader accepts a text.
type Body = (Value, fn(&str) -> bool);

/// Every declared body, by the name of its schema.
fn bodies() -> BTreeMap<&'static str, Body> {
    macro_rules! body {
        ($name:ident) => {
            body!($name, $name::example(), $name::read)
        };
        ($name:ident, $example:expr, $read:expr) => {{
            let reads: fn(&str) -> bool = |text| $read(Json::parse(text.as_bytes()).unwrap()).is_ok();
            (stringify!($name), ($example, reads))
        }};
    }
    // A batch per item is read even if its items are wrong.
    let mut batch = BatchInput::example();
    batch["mode"] = "atomic".into();
    BTreeMap::from([
        body!(JobInput),
        body!(JobPatch),
        body!(TimeEntryInput),
        body!(TimeEntryOfJobInput),
        body!(TimeEntryPatch),
        body!(BatchInput, batch, Batch::read),
        body!(BatchItemInput),
        body!(PingInput),
        body!(CaptureTokenInput),
        body!(CaptureTokenOfJobInput),
        body!(CaptureTokenPatch),
        body!(SignInInput),
        body!(AcceptInput),
        body!(AccountPatch),
        body!(PasswordInput),
        body!(PersonInput),
        body!(PersonPatch),
        body!(TokenInput),
        body!(StartTimerInput),
        body!(TimerPatch),
        body!(StopTimerInput),
    ])
}

/// The document, and the patterns compiled so far.
struct Document {
    json: Value,
    patterns: RefCell<HashMap<String, Regex>>,
}

impl Document {
    fn new() -> Self {
        Self {
            json: serde_json::to_value(crate::document(&crate::BasePath::default())).unwrap(),
            patterns: RefCell::default(),
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        schema["$ref"].as_str().map_or(schema, |reference| self.json.pointer(&reference[1..]).unwrap())
    }

    /// Whether the schema allows the value.
    fn allows(&self, schema: &Value, value: &Value) -> bool {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            return choices.iter().filter(|choice| self.allows(choice, value)).count() == 1;
        }
        let is_a = |kind: &Value| match kind.as_str().unwrap() {
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            kind => kind == kind_of(value),
        };
        let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
        if !kinds.iter().any(is_a) {
            return false;
        }
        let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
        let at_least = |keyword: &str, size: f64| schema[keyword].as_f64().is_none_or(|least| size >= least);
        let at_most = |keyword: &str, size: f64| schema[keyword].as_f64().is_none_or(|most| size <= most);
        let fits = match value {
            Value::Number(number) => {
                at_least("minimum", number.as_f64().unwrap()) && at_most("maximum", number.as_f64().unwrap())
            }
            Value::String(text) => {
                let length = f64::from(u32::try_from(text.chars().count()).unwrap());
                let pattern = schema["pattern"].as_str().is_none_or(|p| self.matches(p, text));
                let formed = schema["format"].as_str().is_none_or(|format| has_format(text, format));
                at_least("minLength", length) && at_most("maxLength", length) && pattern && formed
            }
            Value::Array(items) => {
                let length = f64::from(u32::try_from(items.len()).unwrap());
                let all = items.iter().all(|item| self.allows(&schema["items"], item));
                at_least("minItems", length) && at_most("maxItems", length) && all
            }
            Value::Object(members) => self.allows_members(schema, members),
            Value::Null | Value::Bool(_) => true,
        };
        listed && fits
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    }

    fn allows_members(&self, schema: &Value, members: &Map<String, Value>) -> bool {
        let required = schema["required"].as_array().into_iter().flatten();
        required.into_iter().all(|name| members.contains_key(name.as_str().unwrap()))
            && members.iter().all(|(name, member)| match schema["properties"].get(name) {
                Some(property) => self.allows(property, member),
                None => schema["additionalProperties"] != false,
            })
    }

    /// Values at and beyond the limits of the schema, and some of each type.
    fn candidates(&self, schema: &Value) -> Vec<Value> {
        let mut candidates = vec![
            json!(null),
            json!(true),
            json!(0),
            json!(1),
            json!(1.5),
            json!(-1),
            json!({}),
            json!([]),
            json!([{}]),
            json!(""),
            json!(" "),
            json!("x"),
            json!("é\nx"),
            json!("a\u{1}b"),
            json!("\u{200b}"),
            json!("1767344400"),
            json!("2026-02-28"),
            json!("2026-02-29"),
            json!("2026-2-28"),
            json!("2026-01-02T09:00:00Z"),
            json!("01890a5d-ac96-774b-bcce-b302099a8057"),
            json!("01890a5dac96774bbcceb302099a8057"),
        ];
        let schema = self.resolved(schema);
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            candidates.extend(self.candidates(choice));
        }
        candidates.extend(schema["enum"].as_array().cloned().unwrap_or_default());
        for keyword in ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"] {
            let Some(limit) = schema[keyword].as_i64() else { continue };
            for size in [limit - 1, limit, limit + 1] {
                candidates.push(match keyword {
                    "minimum" | "maximum" => json!(size),
                    "minLength" | "maxLength" => "é".repeat(usize::try_from(size).unwrap()).into(),
                    _ => vec![BatchItemInput::example(); usize::try_from(size).unwrap()].into(),
                });
            }
        }
        candidates
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && uuid::Uuid::parse_str(text).is_ok(),
        "date" => text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        other => panic!("the format {other} is unknown to this test"),
    }
}

/// A name may have the form of a zone's without being in the IANA database.
fn is_no_zone(property: &str, value: &Value) -> bool {
    property == "time_zone" && value.as_str().is_some_and(|name| name.parse::<stint_domain::values::Zone>().is_err())
}

/// The document names only the letters of one script, and others are taken, too.
fn is_of_another_script(property: &str, value: &Value) -> bool {
    ["handle", "created_by"].contains(&property) && value.as_str().is_some_and(|handle| !handle.is_ascii())
}

#[test]
fn a_schema_allows_what_its_reader_takes_and_nothing_else() {
    let document = Document::new();
    for (name, (example, reads)) in bodies() {
        let schema = &document.json["components"]["schemas"][name];
        let check = |body: &Value| {
            let (allowed, read) = (document.allows(schema, body), reads(&body.to_string()));
            assert_eq!(allowed, read, "{name}: allowed against read of {body:.200}");
            read
        };
        assert!(check(&example), "{name}: {example}");
        for (property, rule) in schema["properties"].as_object().unwrap() {
            let mut without = example.clone();
            without.as_object_mut().unwrap().remove(property);
            let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(property)));
            assert_eq!(check(&without), !required, "{name} without {property}");
            for candidate in document.candidates(rule) {
                if !is_no_zone(property, &candidate) && !is_of_another_script(property, &candidate) {
                    let mut body = example.clone();
                    body[property] = candidate;
                    check(&body);
                }
            }
        }
        let mut unknown = example.clone();
        unknown["colour"] = "red".into();
        assert!(!check(&unknown), "{name} with an unknown field");
        for other in [json!(null), json!([]), json!([example]), json!("x"), json!(1)] {
            assert!(!check(&other), "{name}: {other}");
        }
    }
}

/// An absent field has the value that the document names.
#[test]
fn a_default_is_read_like_the_value_that_it_is() {
    let document = Document::new();
    for (name, (example, reads)) in bodies() {
        for (property, rule) in document.json["components"]["schemas"][name]["properties"].as_object().unwrap() {
            if let Some(default) = rule.get("default") {
                let mut body = example.clone();
                body[property] = default.clone();
                assert!(reads(&body.to_string()), "{name}: {property} is {default} unless given");
            }
        }
    }
}

/// Heartbeats are read leniently: a wrong one never fails a request.
#[test]
fn every_body_of_the_document_is_held_against_its_reader() {
    let document = Document::new();
    let mut named = BTreeSet::new();
    for operation in
        document.json["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        for content in operation["requestBody"]["content"].as_object().into_iter().flat_map(|all| all.values()) {
            let schema = [&content["schema"], &content["schema"]["items"]].map(|schema| schema["$ref"].as_str());
            named.insert(schema.into_iter().flatten().next().unwrap().rsplit('/').next().unwrap());
        }
    }
    assert!(named.remove("Heartbeat"));
    // The items of a body.
    named.insert("BatchItemInput");
    assert_eq!(named, bodies().into_keys().collect());
}

#[test]
fn no_base_path_begins_as_a_route_does() {
    let begins: BTreeSet<_> = super::endpoints().iter().filter_map(|it| it.path.split('/').nth(1)).collect();
    assert_eq!(begins, BTreeSet::from(crate::base_path::OWN));
}
