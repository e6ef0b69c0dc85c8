//! What the document says of one endpoint: a thin layer over utoipa's builders.
//!
//! [`super::resource`] has what operations on resources share. What follows from the path or the method, such as the
//! parameter `{id}`, is added at the end.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::{Value, json};
use stint_domain::PageSize;
use stint_domain::access::Scope;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::Response;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Schema, Type};

use super::parameters::{self, parameter};
use super::responses::{page_of, problem, response, response_header};
use super::{BEARER, COOKIE, Example, KEY, KEY_IN_QUERY, Schemas, named, texts};
use crate::media::Media;
use crate::problem::{Code, Plain};

pub(crate) struct Described {
    operation: OperationBuilder,
    answers: BTreeMap<u16, Response>,
    problems: BTreeSet<Code>,
    schemas: Schemas,
    plain_errors: bool,
    takes_a_cookie: bool,
}

impl Described {
    /// An operation that everybody may use and that takes no query parameters.
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
            takes_a_cookie: false,
        }
    }

    /// It needs a token or a session with this scope, and the database.
    pub(crate) fn needs(self, scope: Scope) -> Self {
        self.secured([scope.as_str()]).may(&[
            Code::Unauthorized,
            Code::Forbidden,
            Code::Unavailable,
            Code::ProviderUnavailable,
        ])
    }

    /// It needs any token for the API or session, and the database.
    pub(crate) fn needs_anybody(self) -> Self {
        const NO_SCOPES: [&str; 0] = [];
        self.secured(NO_SCOPES).may(&[Code::Unauthorized, Code::Unavailable, Code::ProviderUnavailable])
    }

    fn secured<const N: usize>(mut self, scopes: [&str; N]) -> Self {
        for scheme in [BEARER, COOKIE] {
            self.operation = self.operation.security(SecurityRequirement::new(scheme, scopes));
        }
        self.takes_a_cookie = true;
        self
    }

    /// A token with the scope `own` will do, too.
    pub(crate) fn or_own(self) -> Self {
        self.secured([Scope::Own.as_str()])
    }

    /// It needs the secret of a capture token, in one of the ways in which editor plugins send it. It reports errors as
    /// `{"error": "..."}` and ignores what it does not know.
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

    pub(crate) fn query(mut self, name: &str, about: &str, schema: ObjectBuilder) -> Self {
        self.operation = self.operation.parameter(parameter(ParameterIn::Query, name, about, schema));
        self
    }

    pub(super) fn takes_header(mut self, name: &str, about: &str, schema: ObjectBuilder, example: &str) -> Self {
        let header = parameter(ParameterIn::Header, name, about, schema).example(Some(json!(example)));
        self.operation = self.operation.parameter(header);
        self.may(&[Code::MalformedHeader])
    }

    /// It answers with pages of these.
    pub(crate) fn pages<T: ToSchema>(mut self, example: &Value) -> Self {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(PageSize::MAX));
        let limit = limit.default(Some(json!(PageSize::default().get())));
        let schema = page_of::<T>(&mut self.schemas);
        let example = json!({ "items": [example], "next_cursor": "AQAF1-4FLKAAAYkKXayWd0u8zrMCCZqAVzE2Zk-0nDsL" });
        self.query("limit", "How many items at most.", limit)
            .query("cursor", "The `next_cursor` of the page before, with the same filters.", texts::cursor())
            .answers_as(200, "A page.", "application/json", schema, Some(example))
            .with_header("Link")
    }

    /// It takes a body of JSON.
    pub(crate) fn takes<T: Example>(self) -> Self {
        self.takes_as::<T>(Media::Json, Required::True)
    }

    /// It takes a body of these media types, which may be optional.
    pub(crate) fn takes_as<T: Example>(mut self, media: Media, required: Required) -> Self {
        let schema = T::schema(&mut self.schemas);
        let mut body = RequestBodyBuilder::new().required(Some(required));
        for media_type in media.types() {
            let content = ContentBuilder::new().schema(Some(schema.clone())).example(Some(T::example()));
            body = body.content(*media_type, content.build());
        }
        self.operation = self.operation.request_body(Some(body.build()));
        self.reads_a_body()
    }

    /// A body is read: it may be wrong as a whole.
    pub(crate) fn reads_a_body(self) -> Self {
        self.may(&[Code::MalformedJson, Code::MalformedBody, Code::RequestTimeout])
            .may(&[Code::BodyTooLarge, Code::UnsupportedMediaType])
    }

    /// It answers with JSON.
    pub(crate) fn answers<T: ToSchema>(mut self, status: u16, about: &str, example: Value) -> Self {
        let schema = named::<T>(&mut self.schemas);
        self.answers_as(status, about, "application/json", schema, Some(example))
    }

    /// It answers with this content. A second call with the same status adds a media type; the caller chooses.
    pub(crate) fn answers_as(
        mut self,
        status: u16,
        about: &str,
        media_type: &str,
        schema: impl Into<RefOr<Schema>>,
        example: Option<Value>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        let response = self.answers.entry(status).or_insert_with(|| response(about).build());
        response.content.insert(media_type.to_owned(), content.into());
        self
    }

    /// It answers without a body.
    pub(crate) fn empty(mut self, status: u16, about: &str) -> Self {
        self.answers.insert(status, response(about).build());
        self
    }

    /// All answers so far have this header.
    pub(crate) fn with_header(mut self, name: &str) -> Self {
        for response in self.answers.values_mut() {
            response.headers.insert(name.to_owned(), response_header(name).into());
        }
        self
    }

    /// It may be refused with these problems.
    pub(crate) fn may(mut self, codes: &[Code]) -> Self {
        self.problems.extend(codes);
        self
    }

    /// The schemas that it names, and the operation itself.
    pub(super) fn done(mut self, method: &Method, path: &str) -> (Schemas, Operation) {
        let in_path = parameters::in_path(path);
        if in_path.is_some() && *method != Method::PUT {
            self.problems.insert(Code::NotFound);
        }
        if self.takes_a_cookie && *method != Method::GET {
            self.problems.insert(Code::CrossSite);
        }
        let mut operation = self.operation;
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in self.problems {
            by_status.entry(code.spec().status.as_u16()).or_default().push(code);
        }
        for (status, codes) in by_status {
            let problem = problem(&codes, self.plain_errors);
            // A page may say the same as a problem.
            if let Some(page) = self.answers.get_mut(&status) {
                page.content.extend(problem.content);
                page.headers.extend(problem.headers);
            } else {
                self.answers.insert(status, problem);
            }
        }
        for (status, response) in self.answers {
            operation = operation.response(status.to_string(), response);
        }
        let mut operation = operation.build();
        if let Some(in_path) = in_path {
            operation.parameters.get_or_insert_default().insert(0, in_path.into());
        }
        (self.schemas, operation)
    }
}
