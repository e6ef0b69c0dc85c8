//! The catalogue of problems: every code there is, once.
//!
//! Codes are a promise to programs: none is renamed or given another status. `docs/http-errors.md` says what to do about
//! each, and a test keeps it complete.

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    MalformedJson,
    MalformedHeader,
    Unauthorized,
    Forbidden,
    NotFound,
    RouteNotFound,
    MethodNotAllowed,
    RequestTimeout,
    JobHasEntries,
    JobArchived,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    UnknownJob,
    IdempotencyKeyReused,
    Internal,
    Unavailable,
    Timeout,
}

/// What is the same for every occurrence of a problem.
pub(crate) struct Spec {
    /// The stable word for it.
    pub(crate) code: &'static str,
    /// The response's status.
    pub(crate) status: StatusCode,
    /// The kind of problem, for people.
    pub(crate) title: &'static str,
    /// An example of a detail, for the OpenAPI document.
    pub(crate) example: &'static str,
    /// Whether the same request may succeed a little later.
    pub(crate) retry: bool,
}

/// Where each code is explained. A part of every problem's `type`: never changes.
const EXPLAINED_AT: &str = "https://github.com/stint-ledger/stint/blob/main/docs/http-errors.md#";

impl Code {
    /// All codes there are, by status.
    pub(crate) const ALL: [Self; 19] = [
        Self::MalformedJson,
        Self::MalformedHeader,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::JobHasEntries,
        Self::JobArchived,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::UnknownJob,
        Self::IdempotencyKeyReused,
        Self::Internal,
        Self::Unavailable,
        Self::Timeout,
    ];

    /// What is the same for every occurrence.
    pub(crate) fn spec(self) -> Spec {
        let (code, status, title, example) = match self {
            Self::MalformedJson => (
                "malformed-json",
                StatusCode::BAD_REQUEST,
                "The body is no JSON",
                "EOF while parsing an object at line 1 column 20",
            ),
            Self::MalformedHeader => (
                "malformed-header",
                StatusCode::BAD_REQUEST,
                "A header does not parse",
                "If-Match: must be `*` or a list of entity tags in double quotes, got `17`",
            ),
            Self::Unauthorized => {
                ("unauthorized", StatusCode::UNAUTHORIZED, "A valid token is needed", "the token is unknown")
            }
            Self::Forbidden => {
                ("forbidden", StatusCode::FORBIDDEN, "The token may not do that", "the token lacks the scope `write`")
            }
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is no such thing",
                "there is no job 01890a5d-ac96-774b-bcce-b302099a8057",
            ),
            Self::RouteNotFound => (
                "route-not-found",
                StatusCode::NOT_FOUND,
                "There is no such route",
                "there is no route `/api/v1/job`; /docs lists those there are",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The route does not take the method",
                "`/api/v1/jobs` takes GET, HEAD, POST, not DELETE",
            ),
            Self::RequestTimeout => (
                "request-timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body took too long to arrive",
                "the body did not arrive within 10 s; nothing was done",
            ),
            Self::JobHasEntries => (
                "job-has-entries",
                StatusCode::CONFLICT,
                "The job has time entries",
                "the job 01890a5d-ac96-774b-bcce-b302099a8057 has time entries; ?entries=delete deletes them with it",
            ),
            Self::JobArchived => (
                "job-archived",
                StatusCode::CONFLICT,
                "The job is archived",
                "the job 01890a5d-ac96-774b-bcce-b302099a8057 is archived",
            ),
            Self::PreconditionFailed => (
                "precondition-failed",
                StatusCode::PRECONDITION_FAILED,
                "The present state is not the one expected",
                "the precondition does not hold: the present ETag is \"1700000000000001\"",
            ),
            Self::BodyTooLarge => (
                "body-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "the body is larger than 1048576 bytes",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body has another media type than the route takes",
                "the Content-Type must be application/json, got `text/plain`",
            ),
            Self::ValidationFailed => (
                "validation-failed",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Parts of the request are not valid",
                "/minutes_worked: must be a whole number from 1 to 1440, got 0",
            ),
            Self::UnknownJob => (
                "unknown-job",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The body names a job that there is not",
                "there is no job 01890a5d-ac96-774b-bcce-b302099a8057",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The idempotency key belongs to another request",
                "the Idempotency-Key was used for a request with another method, path or body",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "An internal error",
                "an internal error occurred; the operator finds its cause in the log by the request id",
            ),
            Self::Unavailable => (
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The service cannot answer at the moment",
                "the database cannot be reached or is busy",
            ),
            Self::Timeout => (
                "timeout",
                StatusCode::SERVICE_UNAVAILABLE,
                "The request took too long",
                "the request was not answered within 10 s; a write may have happened all the same",
            ),
        };
        Spec { code, status, title, example, retry: status.as_u16() == 503 }
    }

    /// The problem's `type`.
    pub(crate) fn type_uri(self) -> String {
        format!("{EXPLAINED_AT}{}", self.spec().code)
    }
}
