//! The catalogue of problems: every code, once.
//!
//! Codes are a promise to programs: no code is renamed or gets another status. `docs/http-errors.md` says what to do
//! about each; a test keeps it complete.

use actix_web::http::StatusCode;

/// What all occurrences of a problem share.
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

/// Where each code is explained. Part of the `type` of a problem, so it never changes.
const EXPLAINED_AT: &str = "https://github.com/stint-ledger/stint/blob/main/docs/http-errors.md#";

/// Makes [`Code`] and the catalogue of rows `Code: STATUS, code, title, example`.
macro_rules! catalogue {
    ($($name:ident: $status:ident, $code:literal, $title:literal, $example:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Code {
            $($name,)+
        }

        /// Every problem, in the order of [`Code`].
        static CATALOGUE: &[(Code, Spec)] = &[
            $((Code::$name, Spec { code: $code, status: StatusCode::$status, title: $title, example: $example }),)+
        ];
    };
}

catalogue! {
    MalformedJson: BAD_REQUEST, "malformed-json",
        "The body is no JSON",
        "EOF while parsing an object at line 1 column 20";
    MalformedBody: BAD_REQUEST, "malformed-body",
        "The body did not arrive whole",
        "the chunks of the body are malformed, or the last of them did not come; nothing was done";
    MalformedHeader: BAD_REQUEST, "malformed-header",
        "A header does not parse",
        "If-Match: must be `*` or a list of entity tags in double quotes, got `17`";
    SignInUnusable: BAD_REQUEST, "sign-in-unusable",
        "The sign-in was not begun in this browser, was used or took too long",
        "the sign-in was not begun in this browser, or too long ago";
    Unauthorized: UNAUTHORIZED, "unauthorized",
        "A valid token is needed",
        "the token is unknown";
    SignInFailed: UNAUTHORIZED, "sign-in-failed",
        "The handle or the password is wrong",
        "the handle or the password is wrong";
    Forbidden: FORBIDDEN, "forbidden",
        "The token may not do that",
        "the token lacks the scope `write`";
    CrossSite: FORBIDDEN, "cross-site",
        "The request must come from a page of this service",
        "the request must come from a page of this service, as `Sec-Fetch-Site: same-origin` or `Origin` tells";
    NotAPerson: FORBIDDEN, "not-a-person",
        "The token is no person's",
        "the token is no person's";
    LocalPasswordsOff: FORBIDDEN, "local-passwords-off",
        "Nobody has a password here",
        "nobody has a password here; sign in through the provider";
    ProviderRefused: FORBIDDEN, "provider-refused",
        "The provider let nobody in",
        "the provider refused: access_denied";
    NotLinked: FORBIDDEN, "not-linked",
        "The account at the provider is nobody's",
        "the account at the provider belongs to nobody here";
    NoRole: FORBIDDEN, "no-role",
        "The provider gives no role",
        "the provider gives this account no role here";
    NoHandle: FORBIDDEN, "no-handle",
        "The provider tells no name that can be a handle",
        "the provider tells no name that can be a handle";
    NotFound: NOT_FOUND, "not-found",
        "There is no such thing",
        "there is no job 01890a5d-ac96-774b-bcce-b302099a8057";
    RouteNotFound: NOT_FOUND, "route-not-found",
        "There is no such route",
        "there is no route `/api/v1/job`; /docs lists those there are";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method-not-allowed",
        "The route does not take the method",
        "/api/v1/jobs takes GET, HEAD, POST, not `DELETE`";
    RequestTimeout: REQUEST_TIMEOUT, "request-timeout",
        "The body took too long to arrive",
        "the body did not arrive within 10 s; nothing was done";
    JobHasEntries: CONFLICT, "job-has-entries",
        "The job has time entries",
        "the job 01890a5d-ac96-774b-bcce-b302099a8057 has time entries; ?entries=delete deletes them with it";
    JobArchived: CONFLICT, "job-archived",
        "The job is archived",
        "the job 01890a5d-ac96-774b-bcce-b302099a8057 is archived";
    PingQueued: CONFLICT, "ping-queued",
        "The ping is queued still",
        "the ping 01890a5d-ac96-774b-bcce-b302099a8057 is queued still; try again in a moment";
    EntryDetached: CONFLICT, "entry-detached",
        "The time entry was changed by hand",
        "the time entry 01890a5d-ac96-774b-bcce-b302099a8057 was changed by hand since";
    HandleTaken: CONFLICT, "handle-taken",
        "The handle is taken",
        "the handle ada is taken";
    IdentityTaken: CONFLICT, "identity-taken",
        "The account at the provider is another person's",
        "the identity belongs to another account";
    LastAdmin: CONFLICT, "last-admin",
        "The last admin stays one",
        "ada is the last admin";
    PersonDeactivated: CONFLICT, "person-deactivated",
        "The person is deactivated",
        "the person 01890a5d-ac96-774b-bcce-b302099a8057 is deactivated";
    TimerNeedsStop: CONFLICT, "timer-needs-stop",
        "The timer that runs must be stopped first",
        "the timer that runs must be stopped first: there is no job 01890a5d-ac96-774b-bcce-b302099a8057; give another `related_job`";
    TimerNeedsEnd: CONFLICT, "timer-needs-end",
        "Somebody must tell when the work ended",
        "the timer has run for more than 24 hours, since 2026-01-02T09:00:00.000000Z; tell when the work ended by `at` or `minutes`";
    IdTaken: CONFLICT, "id-taken",
        "The id is taken",
        "the id 01890a5d-ac96-574b-bcce-b302099a8057 of an entry of the timer is taken";
    LinkUnusable: GONE, "link-unusable",
        "The link cannot be used",
        "the link is unknown, used or expired";
    PreconditionFailed: PRECONDITION_FAILED, "precondition-failed",
        "The present state is not the one expected",
        "the precondition does not hold: the present ETag is \"1700000000000001\"";
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body-too-large",
        "The body is too large",
        "the body is larger than 1048576 bytes";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type",
        "The body has another media type than the route takes",
        "the Content-Type must be application/json, got `text/plain`";
    ValidationFailed: UNPROCESSABLE_ENTITY, "validation-failed",
        "Parts of the request are not valid",
        "/minutes_worked: must be a whole number from 1 to 1440, got 0";
    UnknownJob: UNPROCESSABLE_ENTITY, "unknown-job",
        "The body names a job that there is not",
        "there is no job 01890a5d-ac96-774b-bcce-b302099a8057";
    UnknownPerson: UNPROCESSABLE_ENTITY, "unknown-person",
        "The body names a person that there is not",
        "there is no active person ada";
    IdempotencyKeyReused: UNPROCESSABLE_ENTITY, "idempotency-key-reused",
        "The idempotency key belongs to another request",
        "the Idempotency-Key was used for a request with another method, path or body";
    TooManyNewJobs: TOO_MANY_REQUESTS, "too-many-new-jobs",
        "The token has had too many jobs made today",
        "the project `stint` stands for no job, and the token has had as many made today as it may";
    TooManyGuesses: TOO_MANY_REQUESTS, "too-many-guesses",
        "There were too many wrong passwords",
        "there were too many wrong passwords; try again in 600 s";
    Internal: INTERNAL_SERVER_ERROR, "internal",
        "An internal error",
        "an internal error occurred; the operator finds its cause in the log by the request id";
    ProviderInvalid: BAD_GATEWAY, "provider-invalid",
        "The provider's answer is not valid",
        "the token is for another audience";
    Unavailable: SERVICE_UNAVAILABLE, "unavailable",
        "The service cannot answer at the moment",
        "a backend cannot be reached or is busy";
    ProviderUnavailable: SERVICE_UNAVAILABLE, "provider-unavailable",
        "The provider cannot be reached",
        "the provider cannot be reached";
    Timeout: SERVICE_UNAVAILABLE, "timeout",
        "The request took too long",
        "the request was not answered within 10 s; a write may have happened all the same";
}

impl Code {
    /// All codes, ordered by status.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(|(code, _)| *code)
    }

    pub(crate) const fn spec(self) -> &'static Spec {
        &CATALOGUE[self as usize].1
    }

    pub(crate) fn type_uri(self) -> String {
        format!("{EXPLAINED_AT}{}", self.spec().code)
    }
}

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
