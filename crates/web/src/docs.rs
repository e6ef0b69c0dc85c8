//! The reference page at `/docs`: the OpenAPI document, readable, without scripts and without any other host.
//!
//! It is made from the document alone, so it cannot differ from `/openapi.json`. Prose, such as how to page or retry,
//! is in `docs/api.md`.

mod operation;
mod schema;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use self::operation::Operation;

const STYLE: &str = include_str!("docs/style.css");

/// The whole page as HTML.
pub(crate) fn page(document: &OpenApi) -> Result<String, serde_json::Error> {
    Ok(render(&serde_json::to_value(document)?).into_string())
}

fn render(document: &Value) -> Markup {
    let operations = operations(document);
    let title = text(&document["info"]["title"]);
    let tags = || list(&document["tags"]).iter().map(|tag| (text(&tag["name"]), &tag["description"]));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " reference" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Operations" {
                    p.brand { (title) }
                    @for (tag, _) in tags() {
                        h2 { a href={ "#" (anchor(tag)) } { (tag) } }
                        ul {
                            @for operation in operations.iter().filter(|o| o.tag == tag) { (operation.link()) }
                        }
                    }
                    h2 { a href="#schemas" { "Schemas" } }
                }
                main {
                    header {
                        h1 { (title) }
                        p.version {
                            "Version " (text(&document["info"]["version"])) ", OpenAPI " (text(&document["openapi"]))
                            ". For programs: " a href={ (base(document)) "/openapi.json" } { "openapi.json" } "."
                        }
                        (paragraphs(&document["info"]["description"]))
                    }
                    @for (tag, description) in tags() {
                        section id=(anchor(tag)) {
                            h2 { (tag) }
                            (paragraphs(description))
                            @for operation in operations.iter().filter(|o| o.tag == tag) {
                                (operation.article(document))
                            }
                        }
                    }
                    section id="schemas" {
                        h2 { "Schemas" }
                        @for (name, schema) in members(&document["components"]["schemas"]) {
                            article id={ "schema-" (name) } {
                                h3 { code { (name) } }
                                (schema::describe(schema))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What every URL begins with.
fn base(document: &Value) -> &str {
    text(&document["servers"][0]["url"])
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    // HEAD is there wherever GET is, and needs no entry of its own.
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let of_paths = members(&document["paths"]);
    let all = of_paths.flat_map(|(path, item)| METHODS.map(|method| (method, path, &item[method])));
    all.filter(|(_, _, about)| about.is_object())
        .map(|(method, path, about)| Operation::new(method, path, about))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// Text of the document: blank lines separate paragraphs, backticks mark code.
fn paragraphs(value: &Value) -> Markup {
    html! {
        @for paragraph in text(value).split("\n\n").filter(|p| !p.trim().is_empty()) { p { (prose(paragraph)) } }
    }
}

fn prose(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn anchor(text: &str) -> String {
    text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_whole_paths() {
        let base = "/time".to_owned().try_into().unwrap();
        let page = page(&crate::document(&base)).unwrap();
        assert!(page.contains("<code>/time/api/v1/jobs</code>"));
        assert!(page.contains(r#"<a href="/time/openapi.json">"#));
        assert!(!page.contains(r#"href="/openapi.json""#) && !page.contains("<code>/api/v1/jobs</code>"));
    }

    #[test]
    fn the_page_shows_every_operation_and_needs_nothing_from_elsewhere() {
        let document = serde_json::to_value(crate::document(&crate::BasePath::default())).unwrap();
        let page = render(&document).into_string();
        for (path, item) in members(&document["paths"]) {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
            for (method, operation) in members(item).filter(|(method, _)| *method != "head") {
                let id = text(&operation["operationId"]);
                assert!(page.contains(&format!(r#"id="operation-{id}""#)), "{method} {path}");
            }
        }
        for loading in ["<script", "<link", "<img", "@import", "url("] {
            assert!(!page.contains(loading), "the page loads something: {loading}");
        }
    }
}
