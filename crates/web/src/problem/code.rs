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
    PingQueued,
    EntryDetached,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    UnknownJob,
    IdempotencyKeyReused,
    TooManyNewJobs,
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
}

/// Where each code is explained. A part of every problem's `type`: never changes.
const EXPLAINED_AT: &str = "https://github.com/stint-ledger/stint/blob/main/docs/http-errors.md#";

impl Code {
    /// All codes there are, by status.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(|(code, _)| *code)
    }

    /// What is the same for every occurrence.
    pub(crate) const fn spec(self) -> &'static Spec {
        &CATALOGUE[self as usize].1
    }

    /// The problem's `type`.
    pub(crate) fn type_uri(self) -> String {
        format!("{EXPLAINED_AT}{}", self.spec().code)
    }
}

/// Every problem, in the order of [`Code`].
static CATALOGUE: [(Code, Spec); 22] = [
    (
        Code::MalformedJson,
        Spec {
            code: "malformed-json",
            status: StatusCode::BAD_REQUEST,
            title: "The body is no JSON",
            example: "EOF while parsing an object at line 1 column 20",
        },
    ),
    (
        Code::MalformedHeader,
        Spec {
            code: "malformed-header",
            status: StatusCode::BAD_REQUEST,
            title: "A header does not parse",
            example: "If-Match: must be `*` or a list of entity tags in double quotes, got `17`",
        },
    ),
    (
        Code::Unauthorized,
        Spec {
            code: "unauthorized",
            status: StatusCode::UNAUTHORIZED,
            title: "A valid token is needed",
            example: "the token is unknown",
        },
    ),
    (
        Code::Forbidden,
        Spec {
            code: "forbidden",
            status: StatusCode::FORBIDDEN,
            title: "The token may not do that",
            example: "the token lacks the scope `write`",
        },
    ),
    (
        Code::NotFound,
        Spec {
            code: "not-found",
            status: StatusCode::NOT_FOUND,
            title: "There is no such thing",
            example: "there is no job 01890a5d-ac96-774b-bcce-b302099a8057",
        },
    ),
    (
        Code::RouteNotFound,
        Spec {
            code: "route-not-found",
            status: StatusCode::NOT_FOUND,
            title: "There is no such route",
            example: "there is no route `/api/v1/job`; /docs lists those there are",
        },
    ),
    (
        Code::MethodNotAllowed,
        Spec {
            code: "method-not-allowed",
            status: StatusCode::METHOD_NOT_ALLOWED,
            title: "The route does not take the method",
            example: "/api/v1/jobs takes GET, HEAD, POST, not `DELETE`",
        },
    ),
    (
        Code::RequestTimeout,
        Spec {
            code: "request-timeout",
            status: StatusCode::REQUEST_TIMEOUT,
            title: "The body took too long to arrive",
            example: "the body did not arrive within 10 s; nothing was done",
        },
    ),
    (
        Code::JobHasEntries,
        Spec {
            code: "job-has-entries",
            status: StatusCode::CONFLICT,
            title: "The job has time entries",
            example: "the job 01890a5d-ac96-774b-bcce-b302099a8057 has time entries; ?entries=delete deletes them with it",
        },
    ),
    (
        Code::JobArchived,
        Spec {
            code: "job-archived",
            status: StatusCode::CONFLICT,
            title: "The job is archived",
            example: "the job 01890a5d-ac96-774b-bcce-b302099a8057 is archived",
        },
    ),
    (
        Code::PingQueued,
        Spec {
            code: "ping-queued",
            status: StatusCode::CONFLICT,
            title: "The ping is queued still",
            example: "the ping 01890a5d-ac96-774b-bcce-b302099a8057 is queued still; try again in a moment",
        },
    ),
    (
        Code::EntryDetached,
        Spec {
            code: "entry-detached",
            status: StatusCode::CONFLICT,
            title: "The time entry was changed by hand",
            example: "the time entry 01890a5d-ac96-774b-bcce-b302099a8057 was changed by hand since",
        },
    ),
    (
        Code::PreconditionFailed,
        Spec {
            code: "precondition-failed",
            status: StatusCode::PRECONDITION_FAILED,
            title: "The present state is not the one expected",
            example: "the precondition does not hold: the present ETag is \"1700000000000001\"",
        },
    ),
    (
        Code::BodyTooLarge,
        Spec {
            code: "body-too-large",
            status: StatusCode::PAYLOAD_TOO_LARGE,
            title: "The body is too large",
            example: "the body is larger than 1048576 bytes",
        },
    ),
    (
        Code::UnsupportedMediaType,
        Spec {
            code: "unsupported-media-type",
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            title: "The body has another media type than the route takes",
            example: "the Content-Type must be application/json, got `text/plain`",
        },
    ),
    (
        Code::ValidationFailed,
        Spec {
            code: "validation-failed",
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: "Parts of the request are not valid",
            example: "/minutes_worked: must be a whole number from 1 to 1440, got 0",
        },
    ),
    (
        Code::UnknownJob,
        Spec {
            code: "unknown-job",
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: "The body names a job that there is not",
            example: "there is no job 01890a5d-ac96-774b-bcce-b302099a8057",
        },
    ),
    (
        Code::IdempotencyKeyReused,
        Spec {
            code: "idempotency-key-reused",
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: "The idempotency key belongs to another request",
            example: "the Idempotency-Key was used for a request with another method, path or body",
        },
    ),
    (
        Code::TooManyNewJobs,
        Spec {
            code: "too-many-new-jobs",
            status: StatusCode::TOO_MANY_REQUESTS,
            title: "The token has had too many jobs made today",
            example: "the project `stint` stands for no job, and the token has had as many made today as it may",
        },
    ),
    (
        Code::Internal,
        Spec {
            code: "internal",
            status: StatusCode::INTERNAL_SERVER_ERROR,
            title: "An internal error",
            example: "an internal error occurred; the operator finds its cause in the log by the request id",
        },
    ),
    (
        Code::Unavailable,
        Spec {
            code: "unavailable",
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "The service cannot answer at the moment",
            example: "a backend cannot be reached or is busy",
        },
    ),
    (
        Code::Timeout,
        Spec {
            code: "timeout",
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "The request took too long",
            example: "the request was not answered within 10 s; a write may have happened all the same",
        },
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_problem_stands_at_the_place_of_its_code_by_status() {
        assert!(Code::all().enumerate().all(|(place, code)| code as usize == place));
        assert!(Code::all().map(|code| code.spec().status).is_sorted());
        assert_eq!(Code::all().map(|code| code.spec().code).collect::<BTreeSet<_>>().len(), CATALOGUE.len());
    }

    #[test]
    fn every_code_is_explained_under_a_heading_of_its_own_with_its_status() {
        let page = include_str!("../../../../docs/http-errors.md");
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let codes: Vec<&str> = Code::all().map(|code| code.spec().code).collect();
        assert_eq!(headings, codes);
        for section in page.split("\n## ").skip(1) {
            let (code, text) = section.split_once('\n').unwrap();
            let spec = Code::all().map(Code::spec).find(|spec| spec.code == code).unwrap();
            assert!(text.contains(&format!("**{}**", spec.status.as_u16())), "the status of {code}");
            for part in ["**When:**", "**The client:**", "**The operator:**"] {
                assert!(text.contains(part), "{code} does not say {part}");
            }
        }
    }
}
