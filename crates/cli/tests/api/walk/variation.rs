//! Requests that differ from the rows of operations: other ids, filters, cursors, preconditions and keys.

use serde_json::{Value, json};

use crate::api::client::Client;
use crate::api::contract::resolve;
use crate::api::dice::Dice;
use crate::api::ledger::TODAY;
use crate::api::operations::Operation;

/// Those who walk.
const HANDLES: [&str; 3] = ["ada-of-the-kestrels", "eve-of-the-pangolins", "root-of-the-lighthouses"];

pub(super) struct Variation<'a> {
    pub(super) dice: &'a Dice,
    pub(super) document: &'a Value,
    /// The ids and secrets of all.
    pub(super) made: &'a [String],
    /// The cursors of all.
    pub(super) cursors: &'a [String],
}

impl Variation<'_> {
    fn happens(&self, one_in: usize) -> bool {
        self.dice.below(one_in) == 0
    }

    /// The id of something, whatever it is.
    fn any_id(&self) -> Option<&str> {
        let ids: Vec<_> = self.made.iter().filter(|made| made.len() == 36).collect();
        (!ids.is_empty()).then(|| self.dice.pick(&ids).as_str())
    }

    /// The path with another id, or with filters.
    pub(super) fn path(&self, operation: &Operation, path: String) -> String {
        // A PUT with a new id would make something with this id, and then it is one's own.
        let is_by_id = operation.route.contains("{id}") && operation.method != "PUT";
        if is_by_id && self.happens(6) {
            let replaced =
                path.split('/').map(|part| if part.len() == 36 { self.any_id().unwrap_or(part) } else { part });
            return replaced.collect::<Vec<_>>().join("/");
        }
        let filters = self.filters(operation);
        if filters.is_empty() || path.contains('?') {
            return path;
        }
        let some = (0..self.dice.below(3)).filter_map(|_| self.filter(self.dice.pick::<&str>(&filters)));
        let query = some.collect::<Vec<_>>().join("&");
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// Whether an operation has filters.
    pub(super) fn is_listing(document: &Value, operation: &Operation) -> bool {
        let nothing = Variation { dice: &Dice::new(0), document, made: &[], cursors: &[] };
        operation.method == "GET" && !nothing.filters(operation).is_empty()
    }

    /// The parameters of the query that the document names for a GET.
    fn filters(&self, operation: &Operation) -> Vec<&str> {
        let described = &self.document["paths"][&operation.route];
        let parameters = described[operation.method.to_lowercase()]["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|parameter| resolve(self.document, parameter));
        let is_safe = ["GET", "HEAD"].contains(&operation.method.as_str()) && operation.route.starts_with("/api/v1/");
        let of_query = parameters.filter(|parameter| is_safe && parameter["in"] == "query");
        of_query.filter_map(|parameter| parameter["name"].as_str()).collect()
    }

    fn filter(&self, name: &str) -> Option<String> {
        let value = match name {
            "limit" => (*self.dice.pick(&["1", "2", "200"])).to_owned(),
            "cursor" if self.cursors.is_empty() => return None,
            "cursor" => self.dice.pick(self.cursors).clone(),
            "from" | "to" => TODAY.to_owned(),
            "created_by" | "subject" => (*self.dice.pick(&HANDLES)).to_owned(),
            "q" => (*self.dice.pick(&["hidden", "kestrel", "pangolin", "lighthouse"])).to_owned(),
            "status" => (*self.dice.pick(&["open", "archived", "logged", "ignored", "active"])).to_owned(),
            "role" => "member".to_owned(),
            _ => self.any_id()?.to_owned(),
        };
        Some(format!("{name}={value}"))
    }

    /// The body with something else for its job, or with somebody else as its author.
    pub(super) fn body(&self, body: Option<Value>) -> Option<Value> {
        let mut body = body?;
        if let (Some(id), true) = (self.any_id(), self.happens(6)) {
            match &mut body {
                Value::Object(members) if members.contains_key("related_job") => {
                    members.insert("related_job".to_owned(), json!(id));
                }
                Value::Object(members) if members.contains_key("items") => {
                    members["mode"] = json!("per_item");
                    members["items"][0]["related_job"] = json!(id);
                }
                _ => {}
            }
        }
        if let Value::Object(members) = &mut body
            && members.contains_key("minutes_worked")
            && self.happens(4)
        {
            members.insert("created_by".to_owned(), json!(self.dice.pick(&HANDLES)));
        }
        Some(body)
    }

    /// A precondition that holds or not, and a key that others use, too.
    pub(super) async fn headers(&self, api: &Client, operation: &Operation, path: &str) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if operation.method == "POST" && self.happens(2) {
            headers.push(("idempotency-key", format!("key {}", self.dice.below(2))));
        }
        if operation.route.contains("{id}") && operation.method != "POST" && self.happens(2) {
            // As the one who may do everything knows it.
            let tag = api.get(path.split('?').next().unwrap_or_default()).await;
            let tag = tag.header("etag").unwrap_or("\"1\"").to_owned();
            let name = *self.dice.pick(&["if-match", "if-none-match"]);
            headers.push((name, if self.happens(3) { "*".to_owned() } else { tag }));
        }
        headers
    }
}
