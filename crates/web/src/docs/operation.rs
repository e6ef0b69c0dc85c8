//! One operation: what it takes and what it answers, with examples.

use maud::{Markup, html};
use serde_json::Value;

use super::{base, list, members, paragraphs, prose, schema, text};

pub(super) struct Operation<'a> {
    pub(super) tag: &'a str,
    method: &'a str,
    path: &'a str,
    about: &'a Value,
}

impl<'a> Operation<'a> {
    pub(super) fn new(method: &'a str, path: &'a str, about: &'a Value) -> Self {
        Self { tag: text(&about["tags"][0]), method, path, about }
    }

    fn id(&self) -> String {
        format!("operation-{}", text(&self.about["operationId"]))
    }

    pub(super) fn link(&self) -> Markup {
        html! {
            li {
                a href={ "#" (self.id()) } {
                    span.method.(self.method) { (self.method.to_uppercase()) } " " (prose(text(&self.about["summary"])))
                }
            }
        }
    }

    pub(super) fn article(&self, document: &Value) -> Markup {
        html! {
            article id=(self.id()) {
                h3 { span.method.(self.method) { (self.method.to_uppercase()) } " " code { (base(document)) (self.path) } }
                p.summary { (prose(text(&self.about["summary"]))) }
                (paragraphs(&self.about["description"]))
                (self.parameters(document))
                (self.request(document))
                h4 { "Answers" }
                @for (status, response) in members(&self.about["responses"]) {
                    (answer(status, resolve(document, response), document))
                }
            }
        }
    }

    fn parameters(&self, document: &Value) -> Markup {
        let parameters = list(&self.about["parameters"]);
        html! {
            @if !parameters.is_empty() {
                h4 { "Parameters" }
                table {
                    tr { th { "Name" } th { "In" } th { "Type" } th { "Meaning" } }
                    @for parameter in parameters.iter().map(|p| resolve(document, p)) {
                        tr {
                            td {
                                code { (text(&parameter["name"])) }
                                @if parameter["required"] == true { span.required { " required" } }
                            }
                            td { (text(&parameter["in"])) }
                            td { (schema::kind(&parameter["schema"])) }
                            td { (prose(text(&parameter["description"]))) }
                        }
                    }
                }
            }
        }
    }

    fn request(&self, document: &Value) -> Markup {
        let body = resolve(document, &self.about["requestBody"]);
        html! {
            @if body.is_object() {
                h4 { "Request" }
                (paragraphs(&body["description"]))
                (content(&body["content"], document))
            }
        }
    }
}

fn answer(status: &str, response: &Value, document: &Value) -> Markup {
    let problem = status.starts_with(['4', '5']);
    html! {
        details open[!problem] {
            summary { span.status.problem[problem] { (status) } " " (prose(text(&response["description"]))) }
            @if response["headers"].is_object() {
                ul {
                    @for (name, header) in members(&response["headers"]) {
                        li { code { (name) } " " (prose(text(&resolve(document, header)["description"]))) }
                    }
                }
            }
            (content(&response["content"], document))
        }
    }
}

/// Each media type with its schema and its examples.
fn content(content: &Value, document: &Value) -> Markup {
    html! {
        @for (media_type, body) in members(content) {
            p.media { code { (media_type) } " " (schema::kind(&body["schema"])) }
            @if !body["example"].is_null() { (example(&body["example"])) }
            @for (name, named) in members(&body["examples"]) {
                p.example { (name) }
                (example(&resolve(document, named)["value"]))
            }
        }
    }
}

fn example(value: &Value) -> Markup {
    html! { pre { code { (format!("{value:#}")) } } }
}

/// Follows a `$ref` into the document; any other value is returned as it is.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}
