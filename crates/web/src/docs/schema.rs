//! Schemas in words: a type with its limits, and the members of an object.

use std::fmt::Write as _;

use maud::{Markup, html};
use serde_json::Value;

use super::{list, members, paragraphs, prose, text};

/// What a schema describes, on one line: its type or a link to it, and its limits.
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
    let limits = [
        ("format", ", "),
        ("minimum", ", from "),
        ("maximum", ", to "),
        ("minLength", ", characters from "),
        ("maxLength", ", characters to "),
        ("default", ", default "),
    ];
    for (key, label) in limits {
        match &schema[key] {
            Value::Null => {}
            Value::String(value) => words.extend([label, value]),
            // Writing to a string cannot fail.
            value => _ = write!(words, "{label}{value}"),
        }
    }
    let choices: Vec<_> = list(&schema["enum"]).iter().map(ToString::to_string).collect();
    if !choices.is_empty() {
        words.extend([": ", &choices.join(", ")]);
    }
    words
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
        assert_eq!(kind(&minutes).into_string(), "integer, from 1, to 1440");
        let status = json!({ "type": "string", "enum": ["open", "archived"] });
        assert_eq!(kind(&status).into_string(), "string: &quot;open&quot;, &quot;archived&quot;");
        let jobs = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Job" } });
        assert_eq!(kind(&jobs).into_string(), r##"list of <a href="#schema-Job"><code>Job</code></a>"##);
    }
}
