//! Whether a JSON value fits an OpenAPI schema: the keywords that the document uses.
//!
//! Stricter than JSON Schema: a member that the schema does not name is an error, because the document must describe
//! every answer. A keyword that this module does not know is an error too, so that nothing is accepted unchecked.

use serde_json::Value;

use super::contract::resolve;

/// The error says where and why `value` does not fit.
pub(super) fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    fits(document, schema, value).map_err(|reason| format!("{reason} in the schema {schema}"))
}

fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolve(document, schema);
    let Some(keywords) = schema.as_object() else { return Ok(()) };
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            // Patterns are a hint for readers; the tests of each value check more.
            "pattern"
            | "description"
            | "title"
            | "example"
            | "examples"
            | "default"
            | "deprecated"
            | "readOnly"
            | "$ref"
            | "additionalProperties" => true,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_a(value, name)),
                name => is_a(value, name),
            },
            "format" => has_format(value, rule.as_str().unwrap_or_default())?,
            "enum" => rule.as_array().is_some_and(|values| values.contains(value)),
            "const" => rule == value,
            "minimum" => value.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|least| number >= least)),
            "maximum" => value.as_f64().is_none_or(|number| rule.as_f64().is_some_and(|most| number <= most)),
            "minLength" => length(value).is_none_or(|length| Some(length) >= rule.as_u64()),
            "maxLength" => length(value).is_none_or(|length| rule.as_u64().is_none_or(|most| length <= most)),
            "minItems" => value.as_array().is_none_or(|items| Some(items.len() as u64) >= rule.as_u64()),
            "maxItems" => {
                value.as_array().is_none_or(|items| rule.as_u64().is_none_or(|most| items.len() as u64 <= most))
            }
            "required" => rule.as_array().is_some_and(|names| names.iter().all(|name| has_member(value, name))),
            "properties" => properties_fit(document, rule, value)?,
            "items" => items_fit(document, rule, value)?,
            "oneOf" | "anyOf" => {
                rule.as_array().is_some_and(|some| some.iter().any(|s| fits(document, s, value).is_ok()))
            }
            "allOf" => rule.as_array().is_some_and(|all| all.iter().all(|s| fits(document, s, value).is_ok())),
            unknown => return Err(format!("the keyword {unknown:?} is unknown to this test")),
        };
        if !holds {
            return Err(format!("{value} does not fit {keyword:?}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

fn has_format(value: &Value, format: &str) -> Result<bool, String> {
    let Some(text) = value.as_str() else { return Ok(true) };
    Ok(match format {
        "uuid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
        "date" => text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "uri" | "uri-reference" | "json-pointer" => !text.contains(char::is_whitespace),
        unknown => return Err(format!("the format {unknown:?} is unknown to this test")),
    })
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn has_member(value: &Value, name: &Value) -> bool {
    name.as_str().is_some_and(|name| value.get(name).is_some())
}

fn properties_fit(document: &Value, properties: &Value, value: &Value) -> Result<bool, String> {
    for (name, member) in value.as_object().into_iter().flatten() {
        let Some(schema) = properties.get(name) else { return Err(format!("the member {name:?} is not documented")) };
        fits(document, schema, member).map_err(|reason| format!("{name}: {reason}"))?;
    }
    Ok(true)
}

fn items_fit(document: &Value, schema: &Value, value: &Value) -> Result<bool, String> {
    for item in value.as_array().into_iter().flatten() {
        fits(document, schema, item)?;
    }
    Ok(true)
}
