//! Many time entries at once: `/api/v1/time-entries/batch`.
//!
//! Items that are not valid never reach the port: an atomic batch with one is refused whole, and in a batch per item
//! they are told among the results, each at its place. That is decided by the body alone, so a repeat with the same
//! idempotency key has the same items, and the stored outcome of the valid ones renders to the same answer.

pub(crate) mod describe;
#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::ledger::ports::time_entry::{BatchMode, BatchOutcome, RecordBatchError, RecordRefusal};
use stint_domain::ledger::services::TimeEntryDraft;
use stint_domain::ledger::{Applied, TimeEntry};
use utoipa::ToSchema;

use super::time_entries::{self, TimeEntryBody, TimeEntryInput};
use crate::api::answer;
use crate::api::answer::Presented;
use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::fields::Fields;
use crate::idempotency;
use crate::json::Json;
use crate::media::Media;
use crate::problem::{self, Code, Errors, FieldError, Problem};
use crate::query::Query;

/// The most items of one batch.
pub(crate) const MAX_ITEMS: usize = 1000;

// How refusals become problems.

impl From<RecordBatchError> for Problem {
    /// One problem of the whole: its kind is that of the first refusal, its errors are all of them.
    fn from(error: RecordBatchError) -> Self {
        match error {
            RecordBatchError::KeyReused => Self::key_reused(),
            RecordBatchError::Refused(refusals) => {
                let detail = format!("{} of the items cannot be stored, so none was", refusals.len());
                let code = refusals.first().map_or(Code::Internal, |(_, refusal)| code(*refusal));
                let errors = refusals.into_iter().map(|(at, refusal)| field_error(at, refusal)).collect();
                Self::new(code, detail).with_errors(errors)
            }
            RecordBatchError::Backend(error) => error.into(),
        }
    }
}

const fn code(refusal: RecordRefusal) -> Code {
    match refusal {
        // The id came from the generator, never from the caller.
        RecordRefusal::IdTaken(_) => Code::Internal,
        RecordRefusal::JobNotFound(_) => Code::UnknownJob,
        RecordRefusal::JobArchived(_) => Code::JobArchived,
    }
}

fn field_error(at: usize, refusal: RecordRefusal) -> FieldError {
    match refusal {
        RecordRefusal::IdTaken(_) => FieldError::at(format!("/items/{at}"), "could not be stored"),
        RecordRefusal::JobNotFound(_) | RecordRefusal::JobArchived(_) => {
            FieldError::at(format!("/items/{at}/related_job"), refusal.to_string())
        }
    }
}

// What is sent and received.

/// Many time entries.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Batch::read` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchInput {
    /// What happens when some items cannot be stored.
    mode: Mode,
    /// The entries.
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<TimeEntryInput>,
}

/// `atomic`: none is stored. `per_item`: the others are.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes BatchMode to the OpenAPI document")]
enum Mode {
    Atomic,
    PerItem,
}

/// What became of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResults)]
pub(crate) struct Results<'a> {
    /// One result per item, in their order.
    results: Vec<ItemResult<'a>>,
}

/// What became of one item: an entry, or a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResult)]
pub(crate) struct ItemResult<'a> {
    /// 201, or the status of the problem.
    status: u16,
    /// The entry, if it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    time_entry: Option<TimeEntryBody<'a>>,
    /// Why it was not, otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<problem::Body<'a>>,
}

impl<'a> ItemResult<'a> {
    fn of(item: &'a Result<TimeEntry, Problem>, base: &'a BasePath) -> Self {
        match item {
            Ok(entry) => Self { status: 201, time_entry: Some(entry.body(base)), problem: None },
            Err(problem) => {
                let status = problem.code().spec().status.as_u16();
                Self { status, time_entry: None, problem: Some(problem.as_result()) }
            }
        }
    }
}

/// A batch as it was sent: one draft or problem per item.
struct Batch {
    mode: BatchMode,
    items: Vec<Result<TimeEntryDraft, Problem>>,
}

impl Batch {
    fn read(json: Json<'_>) -> Result<Self, Problem> {
        let mut errors = Errors::default();
        let mut fields = Fields::new(json, "", &mut errors);
        let mode = fields.required("mode", mode);
        let items = fields.required("items", items);
        fields.finish("`mode` and `items`");
        let items = match items {
            Some(items) if mode == Some(BatchMode::PerItem) => items.into_iter().enumerate().map(item).collect(),
            Some(items) => whole(items, &mut errors),
            None => Vec::new(),
        };
        errors.check(mode.map(|mode| Self { mode, items }))
    }
}

/// Reads items of which each has its own result.
fn item((at, json): (usize, Json<'_>)) -> Result<TimeEntryDraft, Problem> {
    // More than an item has fields, and little enough for a thousand items.
    let mut errors = Errors::at_most(10);
    let draft = time_entries::draft(json, &format!("/items/{at}"), &mut errors);
    errors.check(draft)
}

/// Reads items that stand or fall together.
fn whole(items: Vec<Json<'_>>, errors: &mut Errors) -> Vec<Result<TimeEntryDraft, Problem>> {
    let items = items.into_iter().enumerate();
    items.filter_map(|(at, json)| time_entries::draft(json, &format!("/items/{at}"), errors).map(Ok)).collect()
}

fn mode(json: Json<'_>) -> Result<BatchMode, String> {
    match json {
        Json::String(text) if text == "atomic" => Ok(BatchMode::Atomic),
        Json::String(text) if text == "per_item" => Ok(BatchMode::PerItem),
        other => Err(format!("must be `atomic` or `per_item`, got {other}")),
    }
}

fn items(json: Json<'_>) -> Result<Vec<Json<'_>>, String> {
    match json {
        Json::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => Ok(items),
        Json::Array(items) => Err(format!("must have 1 to {MAX_ITEMS} items, has {}", items.len())),
        other => Err(format!("must be an array, got {other}")),
    }
}

// The handler.

pub(crate) async fn record(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    Query::none(&call.request)?;
    let body = call.body(Media::Json, call.api.limits.batch_bytes).await?;
    let idempotency = idempotency::of(&call.request, call.path(), &body, principal.token)?;
    let Batch { mode, items } = body.parse(Batch::read).await?;
    let (mut drafts, mut invalid) = (Vec::with_capacity(items.len()), Vec::new());
    for (at, item) in items.into_iter().enumerate() {
        match item {
            Ok(draft) => drafts.push(draft),
            Err(problem) => invalid.push((at, problem)),
        }
    }
    let applied = if drafts.is_empty() && idempotency.is_none() {
        Applied::now(BatchOutcome::new())
    } else {
        // With a key the port is told even of no entries, so that it knows the key.
        call.api.time_entries.record_batch(&principal, drafts, mode, idempotency).await?
    };
    let status = if mode == BatchMode::Atomic { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    answer::applied(applied, |outcome| results(&call, status, outcome, invalid))
}

/// Puts the outcomes of the valid items and the problems of the others into one order again.
fn results(call: &Call, status: StatusCode, outcome: BatchOutcome, invalid: Vec<(usize, Problem)>) -> Answer {
    let (mut outcome, mut invalid) = (outcome.into_iter(), invalid.into_iter().peekable());
    let mut items: Vec<Result<TimeEntry, Problem>> = Vec::with_capacity(outcome.len() + invalid.len());
    loop {
        let at = items.len();
        let item = match invalid.next_if(|(place, _)| *place == at) {
            Some((_, problem)) => Err(problem),
            None => match outcome.next() {
                Some(outcome) => outcome.map_err(|refusal| refused(at, refusal)),
                None => break,
            },
        };
        items.push(item);
    }
    let results = items.iter().map(|item| ItemResult::of(item, call.base_path())).collect();
    answer::json(status, &Results { results })
}

fn refused(at: usize, refusal: RecordRefusal) -> Problem {
    let error = field_error(at, refusal);
    Problem::new(code(refusal), error.detail.clone()).with_errors(vec![error])
}
