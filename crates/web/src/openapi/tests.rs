//! Compares the document with the routes, with the catalogue of codes and with its own references.

use std::collections::BTreeSet;

use serde_json::Value;
use stint_domain::capture::Gap;
use stint_domain::ledger::{JobName, Minutes, TotalMinutes, WorkSummary};
use stint_domain::values::Subject;

use super::*;
use crate::problem::Code;

fn json() -> Value {
    serde_json::to_value(crate::document(&BasePath::default())).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(m, o)| (path, m, o)));
    methods.map(|(path, method, operation)| (format!("{method} {path}"), operation)).collect()
}

#[test]
fn every_route_and_method_is_documented_and_nothing_else() {
    let document = json();
    assert_eq!(document["openapi"], "3.1.0");
    let documented: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let mut registered = BTreeSet::new();
    for endpoint in crate::api::endpoints() {
        registered.insert(format!("{} {}", endpoint.method.as_str().to_lowercase(), endpoint.path));
        if endpoint.method == Method::GET {
            registered.insert(format!("head {}", endpoint.path));
        }
    }
    assert_eq!(documented, registered);
}

#[test]
fn every_operation_has_an_id_of_its_own_words_and_a_tag_that_is_explained() {
    let document = json();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        for member in ["summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {member}");
        }
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{name}");
        let open = !name.contains("/api/") || name == "post /api/v1/session" || name == "post /api/v1/invitations";
        assert_eq!(operation["security"].is_null(), open, "{name}");
    }
}

#[test]
fn every_request_and_every_problem_has_an_example() {
    let document = json();
    let mut codes = BTreeSet::new();
    for (name, operation) in operations(&document) {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(!content["example"].is_null(), "{name} {media_type}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let Some(content) = response["content"].as_object() else { continue };
            if status.starts_with(['4', '5']) {
                let plain = name.contains("/api/wakatime/");
                let media_type = if plain { "application/json" } else { "application/problem+json" };
                if content.contains_key("text/html; charset=utf-8") && !content.contains_key(media_type) {
                    continue;
                }
                let examples = content[media_type]["examples"].as_object().unwrap();
                assert!(!examples.is_empty(), "{name} {status}");
                if plain {
                    continue;
                }
                for (code, example) in examples {
                    assert_eq!(example["value"]["status"].to_string(), *status, "{name} {code}");
                    codes.insert(code.clone());
                }
            } else if name.contains("/api/") {
                assert!(content["application/json"]["example"].is_object(), "{name} {status}");
            }
        }
    }
    // The description of the whole has these two; no operation can answer with them.
    codes.extend(["route-not-found".to_owned(), "method-not-allowed".to_owned()]);
    let all: BTreeSet<String> = Code::all().map(|code| code.spec().code.to_owned()).collect();
    assert_eq!(codes, all);
}

#[test]
fn inputs_take_no_other_members_and_examples_keep_the_schemas() {
    let document = json();
    for name in [
        "JobInput",
        "JobPatch",
        "TimeEntryInput",
        "TimeEntryOfJobInput",
        "TimeEntryPatch",
        "BatchInput",
        "PingInput",
        "CaptureTokenInput",
        "CaptureTokenOfJobInput",
        "CaptureTokenPatch",
    ] {
        assert_eq!(document["components"]["schemas"][name]["additionalProperties"], false, "{name}");
    }
    for (name, operation) in operations(&document) {
        for content in operation["requestBody"]["content"].as_object().into_iter().flat_map(|content| content.values())
        {
            crate::test::conforms(&content["example"], &content["schema"], &name);
        }
        for response in operation["responses"].as_object().unwrap().values() {
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let examples = content["examples"].as_object().into_iter().flat_map(|all| all.values());
                let values = examples.map(|example| &example["value"]).chain(Some(&content["example"]));
                for example in values.filter(|example| !example.is_null()) {
                    crate::test::conforms(example, &content["schema"], &name);
                }
            }
        }
    }
}

/// Schemas of requests use the domain's constants. Those of answers are derived, and take only literals.
#[test]
fn the_limits_of_answers_are_those_of_the_domain() {
    let document = json();
    for (place, limit) in [
        ("Job/properties/name/maxLength", JobName::MAX_CHARS as u64),
        ("Job/properties/total_minutes/maximum", TotalMinutes::MAX),
        ("TimeEntry/properties/minutes_worked/minimum", Minutes::MIN.into()),
        ("TimeEntry/properties/minutes_worked/maximum", Minutes::MAX.into()),
        ("TimeEntry/properties/work_summary/maxLength", WorkSummary::MAX_CHARS as u64),
        ("TimeEntry/properties/created_by/maxLength", Subject::MAX_CHARS as u64),
        ("Ping/properties/minutes/maximum", Minutes::MAX.into()),
        ("CaptureToken/properties/name/maxLength", Subject::MAX_CHARS as u64),
        ("CaptureToken/properties/gap_seconds/maximum", Gap::MAX.into()),
    ] {
        assert_eq!(document.pointer(&format!("/components/schemas/{place}")), Some(&Value::from(limit)), "{place}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        if let Some(reference) = value["$ref"].as_str() {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| check(item, document)),
            Value::Object(members) => members.values().for_each(|member| check(member, document)),
            _ => {}
        }
    }
    let document = json();
    check(&document, &document);
}
