//! What operations on resources have in common: one verb for each.

use stint_domain::access::Scope;
use utoipa::ToSchema;
use utoipa::openapi::Required;

use super::{Described, Example, parameters, texts};
use crate::media::Media;
use crate::problem::Code;

/// What the document says of a resource, whatever the operation.
pub(crate) trait Documented: ToSchema {
    /// What it is called.
    const NOUN: &'static str;
    /// Whether it has an `ETag`, so that requests may have conditions.
    const HAS_ETAG: bool;

    fn example() -> serde_json::Value;
}

const TAG: &str = "\"1700000000000000\"";

impl Described {
    /// It lists resources.
    pub(crate) fn lists<R: Documented>(self) -> Self {
        self.needs(Scope::Read).pages::<R>(&R::example())
    }

    /// It creates a resource, once per idempotency key.
    pub(crate) fn creates<I: Example, R: Documented>(self) -> Self {
        let about = format!("The {}.", R::NOUN);
        self.needs(Scope::Write).takes::<I>().shows::<R>(201, &about).with_header("Location").idempotent()
    }

    /// It shows a resource, unless the caller has its present state already.
    pub(crate) fn reads<R: Documented>(self) -> Self {
        self.reads_as::<R>(Scope::Read)
    }

    /// The same for callers with this scope.
    pub(crate) fn reads_as<R: Documented>(self, scope: Scope) -> Self {
        self.needs(scope).known::<R>()
    }

    /// The same for what is the caller's own.
    pub(crate) fn reads_own<R: Documented>(self) -> Self {
        self.needs_anybody().may(&[Code::NotAPerson]).known::<R>()
    }

    fn known<R: Documented>(self) -> Self {
        const KNOWN: &str = "Answers 304 if the resource has one of these tags, or for `*`.";
        const MATCH: &str = "Answers 412 if the resource has none of these tags.";
        let described = self.shows::<R>(200, &format!("The {}.", R::NOUN));
        if !R::HAS_ETAG {
            return described;
        }
        described
            .takes_header("If-None-Match", KNOWN, texts::entity_tags(), TAG)
            .takes_header("If-Match", MATCH, texts::entity_tags(), TAG)
            .may(&[Code::PreconditionFailed])
            .empty(304, "The caller has it already.")
            .with_header("ETag")
    }

    /// It creates a resource with the id of the path, or replaces the one that is there.
    pub(crate) fn puts<I: Example, R: Documented>(self) -> Self {
        self.shows::<R>(201, &format!("The {}, created.", R::NOUN))
            .with_header("Location")
            .changes::<R>(&format!("The {}, replaced.", R::NOUN))
            .takes::<I>()
    }

    /// It changes a resource.
    pub(crate) fn patches<I: Example, R: Documented>(self) -> Self {
        self.changes::<R>(&format!("The {}, changed.", R::NOUN)).takes_as::<I>(Media::MergePatch, Required::True)
    }

    /// It changes a resource that callers with this scope, or the person themselves, may see.
    pub(crate) fn patches_as<I: Example, R: Documented>(self, scope: Option<Scope>) -> Self {
        let shown = self.shows::<R>(200, &format!("The {}, changed.", R::NOUN));
        let needing = match scope {
            Some(scope) => shown.needs(scope),
            None => shown.needs_anybody().may(&[Code::NotAPerson]),
        };
        needing.guarded().takes_as::<I>(Media::MergePatch, Required::True)
    }

    /// It takes a resource away; nothing is left to show.
    pub(crate) fn deletes<R: Documented>(self) -> Self {
        self.writes::<R>().empty(204, "Done.")
    }

    /// It happens once per idempotency key.
    pub(crate) fn idempotent(self) -> Self {
        const ABOUT: &str = "1 to 255 printable characters that name this request. A repeat with the same key within 24 \
                             hours gets the first answer and changes nothing.";
        self.takes_header("Idempotency-Key", ABOUT, texts::key(), "log-2026-01-02")
            .may(&[Code::IdempotencyKeyReused])
            .with_header("Idempotency-Replayed")
    }

    fn shows<R: Documented>(self, status: u16, about: &str) -> Self {
        let described = self.answers::<R>(status, about, R::example());
        if R::HAS_ETAG { described.with_header("ETag") } else { described }
    }

    /// Without the scope `read`, the answer has no body.
    fn changes<R: Documented>(self, about: &str) -> Self {
        self.empty(204, "It is changed, and not shown, because the token lacks the scopes `read` and `own`.")
            .shows::<R>(200, about)
            .writes::<R>()
    }

    /// It writes. If the resource has an `ETag`, the request may have a condition.
    fn writes<R: Documented>(self) -> Self {
        let described = self.needs(Scope::Write);
        if R::HAS_ETAG { described.guarded() } else { described }
    }

    /// The request may have a condition.
    fn guarded(self) -> Self {
        const MATCH: &str = "Changes nothing unless the resource has one of these tags; `*`: unless it exists.";
        const NONE: &str = "`*`: changes nothing if the resource exists.";
        self.takes_header("If-Match", MATCH, texts::entity_tags(), TAG)
            .takes_header("If-None-Match", NONE, parameters::one_of(["*"]), "*")
            .may(&[Code::PreconditionFailed])
    }
}
