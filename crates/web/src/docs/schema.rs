//! Schemas in words: a type with its limits, and the members of an object.

use std::fmt::Write as _;

use maud::{Markup, html};
use serde_json::Value;

use super::{list, members, paragraphs, prose, text};

/// What a schema describes, in one line: its type or a link to it, and its limits.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { code { (name) } } };
    }
    if let Some(choices) = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema[*key].as_array()) {
        return html! {
            @for (at, choice) in choices.iter().enumerate() { @if at > 0 { " or " } (kind(choice)) }
        };
    }
    if schema["items"].is_object() {
        return html! { "list of " (kind(&schema["items"])) };
    }
    html! { (words(schema)) }
}

fn words(schema: &Value) -> String {
    let mut words = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        single => text(single).to_owned(),
    };
    if let Some(format) = schema["format"].as_str() {
        words.extend([", ", format]);
    }
    // Writing to a string never fails.
    if let Some(range) = range(&schema["minimum"], &schema["maximum"]) {
        let _ = write!(words, ", {range}");
    }
    if let Some(range) = range(&schema["minLength"], &schema["maxLength"]) {
        let _ = write!(words, ", {range} characters");
    }
    if !schema["default"].is_null() {
        let _ = write!(words, ", default {}", schema["default"]);
    }
    let choices: Vec<_> = list(&schema["enum"]).iter().map(ToString::to_string).collect();
    if !choices.is_empty() {
        words.extend([": ", &choices.join(", ")]);
    }
    words
}

fn range(from: &Value, to: &Value) -> Option<String> {
    match (from, to) {
        (Value::Null, Value::Null) => None,
        (from, Value::Null) => Some(format!("at least {from}")),
        (Value::Null, to) => Some(format!("at most {to}")),
        (from, to) if from == to => Some(format!("exactly {from}")),
        (from, to) => Some(format!("{from} to {to}")),
    }
}

/// A named schema: its prose, and a table of its members when it is an object.
pub(super) fn describe(schema: &Value) -> Markup {
    let required: Vec<_> = list(&schema["required"]).iter().map(text).collect();
    html! {
        (paragraphs(&schema["description"]))
        @if schema["properties"].is_object() {
            table {
                tr { th { "Member" } th { "Type" } th { "Meaning" } }
                @for (name, member) in members(&schema["properties"]) {
                    tr {
                        td {
                            code { (name) }
                            @if required.contains(&name) { span.required { " required" } }
                        }
                        td { (kind(member)) }
                        td { (prose(text(&member["description"]))) }
                    }
                }
            }
        } @else {
            p { (kind(schema)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_is_told_with_its_limits() {
        let minutes = json!({ "type": "integer", "minimum": 1, "maximum": 1440 });
        assert_eq!(kind(&minutes).into_string(), "integer, 1 to 1440");
        let name = json!({ "type": "string", "minLength": 1, "maxLength": 120 });
        assert_eq!(kind(&name).into_string(), "string, 1 to 120 characters");
        let status = json!({ "type": "string", "enum": ["open", "archived"] });
        assert_eq!(kind(&status).into_string(), "string: &quot;open&quot;, &quot;archived&quot;");
        let jobs = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Job" } });
        assert_eq!(kind(&jobs).into_string(), r##"list of <a href="#schema-Job"><code>Job</code></a>"##);
    }
}
