//! What one endpoint says of itself, in the words that the API uses: a thin layer over utoipa's builders.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stint_domain::PageSize;
use stint_domain::access::Scope;
use stint_domain::ledger::MinutesError;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Required, Schema, Type};

use super::{BEARER, Example, KEY, KEY_IN_QUERY, Schemas, named, parameters, put, texts};
use crate::media::Media;
use crate::problem::{Code, MEDIA_TYPE, Plain};

/// The name of the problems' schema.
const PROBLEM: &str = "Problem";

/// An operation being described.
pub(crate) struct Described {
    operation: OperationBuilder,
    answers: BTreeMap<u16, Response>,
    problems: BTreeSet<Code>,
    schemas: Schemas,
    plain_errors: bool,
}

impl Described {
    /// An operation that anybody may use, and that takes no query parameters.
    pub(crate) fn new(tag: &str, id: &str, summary: &str, description: &str) -> Self {
        let operation = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(id))
            .summary(Some(summary))
            .description(Some(description));
        Self {
            operation,
            answers: BTreeMap::new(),
            problems: BTreeSet::from([Code::ValidationFailed, Code::Internal, Code::Timeout]),
            schemas: Schemas::new(),
            plain_errors: false,
        }
    }

    /// It needs a token with a scope, and the database.
    pub(crate) fn needs(mut self, scope: Scope) -> Self {
        self.operation = self.operation.security(SecurityRequirement::new(BEARER, [scope.as_str()]));
        self.may(&[Code::Unauthorized, Code::Forbidden, Code::Unavailable])
    }

    /// It needs a capture token's secret in one of the ways in which editor plugins send it, tells errors as
    /// `{"error": "..."}`, and ignores what it does not know.
    pub(crate) fn needs_key(mut self) -> Self {
        const NO_SCOPES: [&str; 0] = [];
        for scheme in [KEY, BEARER, KEY_IN_QUERY] {
            self.operation = self.operation.security(SecurityRequirement::new(scheme, NO_SCOPES));
        }
        self.problems.remove(&Code::ValidationFailed);
        self.plain_errors = true;
        named::<Plain<'_>>(&mut self.schemas);
        self.may(&[Code::Unauthorized, Code::Unavailable])
    }

    /// It takes the secret of a capture token in its path.
    pub(crate) fn secret_in_path(mut self) -> Self {
        self.operation = self.operation.parameter(parameters::secret());
        self.may(&[Code::NotFound, Code::Unavailable])
    }

    /// It acts on the resource whose id is in the path.
    pub(crate) fn id_of(mut self, what: &str) -> Self {
        self.operation = self.operation.parameter(parameters::id_of(what));
        self
    }

    /// It takes a query parameter.
    pub(crate) fn query(mut self, name: &str, description: &str, schema: ObjectBuilder) -> Self {
        self.operation = self.operation.parameter(parameters::query(name, description, schema));
        self
    }

    /// It lists pages.
    pub(crate) fn paged(self) -> Self {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(PageSize::MAX));
        let limit = limit.default(Some(json!(PageSize::default().get())));
        self.query("limit", "How many items at most.", limit).query(
            "cursor",
            "The `next_cursor` of the page before, with the same filters.",
            texts::cursor(),
        )
    }

    /// It is answered only if the caller has not the present state already.
    pub(crate) fn conditional_read(mut self) -> Self {
        const KNOWN: &str = "Answers 304 when the resource has one of these tags, or for `*`.";
        const MATCH: &str = "Refuses when the resource has none of these tags.";
        let none_match =
            parameters::request_header("If-None-Match", KNOWN, texts::entity_tags(), "\"1700000000000000\"");
        let if_match = parameters::request_header("If-Match", MATCH, texts::entity_tags(), "\"1700000000000000\"");
        self.operation = self.operation.parameter(none_match).parameter(if_match);
        self.may(&[Code::MalformedHeader, Code::PreconditionFailed]).empty(304, "The caller has it already.", &["ETag"])
    }

    /// It happens only if the present state is the one expected.
    pub(crate) fn conditional_write(mut self) -> Self {
        const MATCH: &str = "Changes nothing unless the resource has one of these tags, or for `*` is there at all.";
        const NONE: &str = "`*`: changes nothing unless there is no such resource.";
        let if_match = parameters::request_header("If-Match", MATCH, texts::entity_tags(), "\"1700000000000000\"");
        let none_match =
            parameters::request_header("If-None-Match", NONE, parameters::text().enum_values(Some(["*"])), "*");
        self.operation = self.operation.parameter(if_match).parameter(none_match);
        self.may(&[Code::MalformedHeader, Code::PreconditionFailed])
    }

    /// It happens once per idempotency key.
    pub(crate) fn idempotent(mut self) -> Self {
        const KEY: &str = "1 to 255 printable characters that name this request. A repeat with the same key within 24 \
                           hours gets the first answer and changes nothing.";
        self.operation = self.operation.parameter(parameters::request_header(
            "Idempotency-Key",
            KEY,
            texts::key(),
            "log-2026-01-02",
        ));
        self.may(&[Code::MalformedHeader, Code::IdempotencyKeyReused])
    }

    /// It takes a body.
    pub(crate) fn takes<T: Example>(mut self, media: Media) -> Self {
        let schema = T::schema(&mut self.schemas);
        self.takes_as(Required::True, media, &schema, &T::example())
    }

    /// It takes a body, or none.
    pub(crate) fn may_take<T: Example>(mut self, media: Media) -> Self {
        let schema = T::schema(&mut self.schemas);
        self.takes_as(Required::False, media, &schema, &T::example())
    }

    /// It takes a list of these.
    pub(crate) fn takes_many<T: Example>(mut self, media: Media) -> Self {
        let many = ArrayBuilder::new().items(T::schema(&mut self.schemas)).build();
        self.takes_as(Required::True, media, &Schema::Array(many).into(), &json!([T::example()]))
    }

    fn takes_as(mut self, required: Required, media: Media, schema: &RefOr<Schema>, example: &Value) -> Self {
        let mut body = RequestBodyBuilder::new().required(Some(required));
        for media_type in media.types() {
            let content = ContentBuilder::new().schema(Some(schema.clone())).example(Some(example.clone()));
            body = body.content(*media_type, content.build());
        }
        self.operation = self.operation.request_body(Some(body.build()));
        self.may(&[Code::MalformedJson, Code::RequestTimeout, Code::BodyTooLarge, Code::UnsupportedMediaType])
    }

    /// It answers with JSON.
    pub(crate) fn answers<T: ToSchema>(mut self, status: u16, about: &str, headers: &[&str], example: Value) -> Self {
        let schema = named::<T>(&mut self.schemas);
        self.answers_as(status, about, headers, "application/json", schema, Some(example))
    }

    /// It answers with a page of these.
    pub(crate) fn answers_pages<T: ToSchema>(mut self, about: &str, example: &Value) -> Self {
        let schema = page_of::<T>(&mut self.schemas);
        let example = json!({ "items": [example], "next_cursor": "AQAF1-4FLKAAAYkKXayWd0u8zrMCCZqAVzE2Zk-0nDsL" });
        self.answers_as(200, about, &["Link"], "application/json", schema, Some(example))
    }

    /// It answers with some content.
    pub(crate) fn answers_as(
        mut self,
        status: u16,
        about: &str,
        headers: &[&str],
        media_type: &str,
        schema: impl Into<RefOr<Schema>>,
        example: Option<Value>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        self.answers.insert(status, response(about, headers).content(media_type, content).build());
        self
    }

    /// It answers with other content instead, if the caller would rather have that.
    pub(crate) fn or_as(mut self, status: u16, media_type: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        if let Some(response) = self.answers.get_mut(&status) {
            response.content.insert(media_type.to_owned(), content.into());
        }
        self
    }

    /// It answers without a body.
    pub(crate) fn empty(mut self, status: u16, about: &str, headers: &[&str]) -> Self {
        self.answers.insert(status, response(about, headers).build());
        self
    }

    /// It answers without a body, with these headers, who may not read what it changed.
    pub(crate) fn or_unseen(self, headers: &[&str]) -> Self {
        self.empty(204, "It is changed; the token has no `read`, so that nothing of it is shown.", headers)
    }

    /// It may be refused with these problems.
    pub(crate) fn may(mut self, codes: &[Code]) -> Self {
        self.problems.extend(codes);
        self
    }

    /// The schemas that it names.
    pub(super) fn schemas(&self) -> Schemas {
        self.schemas.clone()
    }

    /// The operation as it stands in the document.
    pub(super) fn operation(self) -> Operation {
        let mut operation = self.operation;
        for (status, response) in self.answers {
            operation = operation.response(status.to_string(), response);
        }
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in self.problems {
            by_status.entry(code.spec().status.as_u16()).or_default().push(code);
        }
        for (status, codes) in by_status {
            operation = operation.response(status.to_string(), problem(&codes, self.plain_errors));
        }
        operation.build()
    }
}

/// The schema of a page of these.
fn page_of<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    let items = ArrayBuilder::new().items(named::<T>(schemas)).max_items(Some(PageSize::MAX.into()));
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The `cursor` of the next page; null on the last one."));
    let page = ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("next_cursor", cursor)
        .required("next_cursor");
    put(schemas, &format!("{}Page", T::name()), page)
}

fn response(about: &str, headers: &[&str]) -> ResponseBuilder {
    let mut response = ResponseBuilder::new()
        .description(about)
        .header_ref("X-Request-Id", Ref::new("#/components/headers/X-Request-Id"));
    for name in headers {
        let (about, example) = match *name {
            "ETag" => ("The version of the resource; changes whenever the resource does.", "\"1700000000000000\""),
            "Location" => ("The URL of the resource.", "/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057"),
            "Link" => ("The next page, if there is one.", "</api/v1/jobs?limit=50&cursor=AQAF1-4F>; rel=\"next\""),
            "Idempotency-Replayed" => ("`true` when an earlier request with the same key was carried out.", "true"),
            "Accept" => ("Which media types are taken, if that was wrong.", "application/json"),
            "Accept-Patch" => ("The same for PATCH.", "application/merge-patch+json, application/json"),
            "Accept-Encoding" => ("Which coding is taken, if that was wrong.", "gzip"),
            "WWW-Authenticate" => ("What is needed.", "Bearer realm=\"stint\", error=\"invalid_token\""),
            _ => ("After how many seconds to try again.", "1"),
        };
        response = response.header(*name, parameters::response_header(about, example));
    }
    response
}

/// The response that these problems share, with an example of each.
fn problem(codes: &[Code], plain: bool) -> Response {
    let titles: Vec<&str> = codes.iter().map(|code| code.spec().title).collect();
    let headers: &[&str] = match codes.first().map(|code| code.spec().status.as_u16()) {
        Some(401 | 403) => &["WWW-Authenticate"],
        Some(412) => &["ETag"],
        Some(415) => &["Accept", "Accept-Encoding", "Accept-Patch"],
        Some(429 | 503) => &["Retry-After"],
        _ => &[],
    };
    let examples = codes.iter().map(|code| {
        let spec = code.spec();
        (spec.code, ExampleBuilder::new().summary(spec.title).value(Some(example(*code, plain))).build())
    });
    let (media_type, schema) = if plain { ("application/json", Plain::name()) } else { (MEDIA_TYPE, PROBLEM.into()) };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).examples_from_iter(examples);
    response(&format!("{}.", titles.join(". ")), headers).content(media_type, content.build()).build()
}

fn example(code: Code, plain: bool) -> Value {
    let spec = code.spec();
    if plain {
        return json!({ "error": spec.example });
    }
    let mut example = json!({
        "type": code.type_uri(),
        "title": spec.title,
        "status": spec.status.as_u16(),
        "code": spec.code,
        "detail": spec.example,
        "request_id": parameters::ID,
    });
    let error = |pointer: &str, detail: &str| json!([{ "pointer": pointer, "detail": detail }]);
    match code {
        Code::ValidationFailed => {
            example["errors"] = error("/minutes_worked", &format!("{MinutesError}, got 0"));
        }
        Code::UnknownJob => example["errors"] = error("/related_job", spec.example),
        _ => {}
    }
    example
}
