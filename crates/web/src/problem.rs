//! Problems (RFC 9457): the form of every error that leaves this crate.
//!
//! A handler returns a [`Problem`]; `exchange` renders it, because it has the request's id. The cause is for the
//! operator, and the detail for the caller. Causes are logged, and reach a caller only in development.

mod code;
mod errors;
pub(crate) mod refusals;

use std::error::Error;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use stint_domain::{BackendError, BackendErrorKind};
use utoipa::ToSchema;

pub(crate) use code::Code;
pub(crate) use errors::{Errors, FieldError, escape_into};

use crate::secrecy;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// After how many seconds a caller may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// All paths for editor plugins begin with this.
const FOR_PLUGINS: &str = "/api/wakatime/";

/// In which form errors are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// RFC 9457.
    Problem,
    /// `{"error": "..."}`, which is all that editor plugins read.
    Plain,
}

impl ErrorForm {
    /// The form at this path, which is without the base path.
    pub(crate) fn at(path: &str) -> Self {
        if path.starts_with(FOR_PLUGINS) { Self::Plain } else { Self::Problem }
    }
}

/// Why a request was not carried out: for the caller, with the cause for the operator.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    /// Whether the detail is only for callers with the scope `read`.
    for_readers: bool,
    errors: Vec<FieldError>,
    cause: Option<BackendError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a detail, from which secrets are removed.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = secrecy::of_text(detail.into());
        Self { code, detail, for_readers: false, errors: Vec::new(), cause: None, headers: Vec::new() }
    }

    /// Shows the detail only to callers who may read, because it names something that the request does not.
    pub(crate) fn for_readers(self) -> Self {
        Self { for_readers: true, ..self }
    }

    /// The problem for a caller who may not read.
    pub(crate) fn without_read(mut self) -> Self {
        if self.for_readers {
            self.detail = self.code.spec().title.to_lowercase();
        }
        self
    }

    /// Adds the parts of the request that are to blame.
    pub(crate) fn with_errors(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }

    /// Adds a header to the response.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A failure that is not the caller's fault; the log has the cause.
    pub(crate) fn internal() -> Self {
        Self::new(
            Code::Internal,
            "an internal error occurred; the operator finds its cause in the log by the request id",
        )
    }

    /// Something that can only happen if this program has a defect.
    pub(crate) fn defect(what: &dyn Error) -> Self {
        tracing::error!(cause = %what, "a defect");
        Self::internal()
    }

    /// The database or the queue does not answer; the log tells which.
    pub(crate) fn unavailable(cause: BackendError) -> Self {
        Self { cause: Some(cause), ..Self::new(Code::Unavailable, "a backend cannot be reached or is busy") }
    }

    /// The provider does not answer; the log tells why.
    pub(crate) fn provider_unavailable(cause: BackendError) -> Self {
        Self { cause: Some(cause), ..Self::new(Code::ProviderUnavailable, "the provider cannot be reached") }
    }

    pub(crate) fn key_reused() -> Self {
        let detail = "the Idempotency-Key was used for a request with another method, path or body";
        Self::new(Code::IdempotencyKeyReused, detail)
    }

    /// The detail alone, to be told in another form.
    pub(crate) fn into_detail(self) -> String {
        self.detail
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// Logs the cause, if there is one.
    pub(crate) fn log(&self) {
        let Some(cause) = &self.cause else { return };
        let chain = chain(cause).join(": ");
        match cause.kind {
            BackendErrorKind::Corrupt | BackendErrorKind::Internal => tracing::error!(cause = chain, "request failed"),
            BackendErrorKind::Unavailable | BackendErrorKind::Timeout => {
                tracing::warn!(cause = chain, "request refused: the backend is unavailable");
            }
        }
    }

    /// The problem among the results of a batch. It is the same whenever the batch is answered again.
    pub(crate) fn as_result(&self) -> Body<'_> {
        self.body(None, false)
    }

    fn body<'a>(&'a self, request_id: Option<&'a str>, show_causes: bool) -> Body<'a> {
        let spec = self.code.spec();
        Body {
            r#type: self.code.type_uri(),
            title: spec.title,
            status: spec.status.as_u16(),
            code: spec.code,
            detail: &self.detail,
            request_id,
            errors: &self.errors,
            causes: self.cause.as_ref().filter(|_| show_causes).map(|cause| chain(cause)).unwrap_or_default(),
        }
    }

    pub(crate) fn respond(self, form: ErrorForm, request_id: &str, show_causes: bool) -> HttpResponse {
        let (media_type, body) = match form {
            ErrorForm::Problem => (MEDIA_TYPE, serde_json::to_vec(&self.body(Some(request_id), show_causes))),
            ErrorForm::Plain => ("application/json", serde_json::to_vec(&Plain { error: &self.detail })),
        };
        // Text and numbers always serialise.
        let body = body.unwrap_or_default();
        let spec = self.code.spec();
        let mut response = HttpResponse::build(spec.status);
        response.content_type(media_type).insert_header((header::CACHE_CONTROL, "no-store"));
        if spec.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
        }
        if self.code == Code::MalformedBody {
            // Nobody knows where the next request begins.
            response.force_close();
        }
        for header in &self.headers {
            response.append_header(header.clone());
        }
        response.body(body)
    }
}

/// An error for clients that read nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = PlainError)]
pub(crate) struct Plain<'a> {
    /// What is wrong.
    error: &'a str,
}

/// A problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// Names the kind of problem; the URL explains it.
    #[schema(format = "uri")]
    r#type: String,
    /// The kind of problem, for people.
    title: &'a str,
    /// The response's status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind of problem, for programs: never changes.
    code: &'a str,
    /// What is special about this case; names the offending value.
    detail: &'a str,
    /// The request's id, as in `X-Request-Id` and in the operator's log. Absent among the results of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    request_id: Option<&'a str>,
    /// Every part of the request that is to blame, if any.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// The causes of a 5xx, outermost first; only in development.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    causes: Vec<String>,
}

/// An error and its causes, outermost first.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}
