//! Many time entries at once: `/api/v1/time-entries/batch`.
//!
//! Invalid items never reach the port. An atomic batch with an invalid item is refused as a whole; in a batch per item,
//! its problem stands at its place among the results. This depends on the body alone. So a repeat with the same
//! idempotency key has the same valid items, and their stored outcome gives the same answer.

pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::{Principal, Scope};
use stint_domain::ledger::ports::time_entry::{BatchMode, BatchOutcome};
use stint_domain::ledger::services::TimeEntryDraft;
use stint_domain::ledger::{Applied, Minutes, TimeEntry, WorkSummary};
use stint_domain::people::Handle;
use stint_domain::values::{DateStamp, JobId, Subject};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::time_entries::TimeEntryBody;
use crate::api::answer;
use crate::api::answer::Presented;
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::{Input, Object as _, input};
use crate::json::{self, Json};
use crate::media::Media;
use crate::openapi::{Form, Schemas, one_of, put};
use crate::problem::{self, Errors, Problem};
use crate::query::Query;

pub(crate) const MAX_ITEMS: usize = 1000;

// What is sent and received.

input! {
    /// Many time entries.
    pub(crate) struct BatchInput<'j> {
        /// What happens when some items cannot be stored.
        tried mode: BatchMode, example "per_item";
        /// The entries.
        required items: Items<'j>, example [BatchItemInput::example()];
    }
}

input! {
    /// A time entry of a batch.
    pub(crate) struct BatchItemInput {
        /// The job whose total these minutes become part of.
        required related_job: JobId, example "01890a5d-ac96-774b-bcce-b302099a8057";
        /// How long, in whole minutes.
        required minutes_worked: Minutes, example 90;
        /// On which date, 0001-01-01 to 9999-12-31.
        required date_stamp: DateStamp, example "2026-01-02";
        /// What was done. May have line breaks and tabs but no other control characters. Null is empty.
        default work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
        /// The handle of the person whose work it was: you, unless you may log for others (`write`).
        default created_by: Option<Handle>;
    }
}

/// The words for the modes.
const MODES: [(&str, BatchMode); 2] = [("atomic", BatchMode::Atomic), ("per_item", BatchMode::PerItem)];

impl Form for BatchMode {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        const ABOUT: &str = "`atomic`: none is stored. `per_item`: the others are.";
        put(schemas, "Mode", one_of(MODES.map(|(word, _)| word)).description(Some(ABOUT)))
    }
}

impl Input<'_> for BatchMode {
    fn read(json: Json<'_>) -> Result<Self, String> {
        let mode = MODES.iter().find(|(word, _)| matches!(&json, Json::String(text) if text == word));
        mode.map(|(_, mode)| *mode).ok_or_else(|| format!("must be `atomic` or `per_item`, got {json}"))
    }
}

/// The items as they were sent. How their errors are reported depends on the mode.
#[derive(Debug)]
pub(crate) struct Items<'j>(Vec<Json<'j>>);

impl Form for Items<'_> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(BatchItemInput::schema(schemas));
        items.min_items(Some(1)).max_items(Some(MAX_ITEMS)).into()
    }
}

impl<'j> Input<'j> for Items<'j> {
    fn read(json: Json<'j>) -> Result<Self, String> {
        match json {
            Json::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => Ok(Self(items)),
            Json::Array(items) => Err(format!("must have 1 to {MAX_ITEMS} items, has {}", items.len())),
            other => Err(format!("must be an array, got {other}")),
        }
    }
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
    /// Why it was not stored, otherwise.
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

/// A batch that was read: an item or a problem for each.
pub(in crate::api) struct Batch {
    mode: BatchMode,
    items: Vec<Result<BatchItemInput, Problem>>,
}

impl Batch {
    pub(in crate::api) fn read(json: Json<'_>) -> Result<Self, Problem> {
        let mut errors = Errors::default();
        let Some(BatchInput { mode, items: Items(items) }) = BatchInput::read_at("", json, &mut errors) else {
            return Err(errors.into_problem());
        };
        let items = match mode {
            Some(BatchMode::PerItem) => items.into_iter().enumerate().map(item).collect(),
            Some(BatchMode::Atomic) | None => whole(items, &mut errors),
        };
        errors.check(mode.map(|mode| Self { mode, items }))
    }
}

/// Reads an item that has a result of its own.
fn item((at, json): (usize, Json<'_>)) -> Result<BatchItemInput, Problem> {
    // More than an item has fields, and few enough for a thousand items.
    let mut errors = Errors::at_most(10);
    let item = item_at(at, json, &mut errors);
    errors.check(item)
}

/// Reads items that are stored together or not at all.
fn whole(items: Vec<Json<'_>>, errors: &mut Errors) -> Vec<Result<BatchItemInput, Problem>> {
    items.into_iter().enumerate().filter_map(|(at, json)| item_at(at, json, errors).map(Ok)).collect()
}

fn item_at(at: usize, json: Json<'_>, errors: &mut Errors) -> Option<BatchItemInput> {
    BatchItemInput::read_at(&format!("/items/{at}"), json, errors)
}

/// The people whom the items name, each looked up once. An unknown one refuses the whole batch, whatever its mode: the
/// outcome of an item depends on the body and the ledger alone.
#[derive(Default)]
struct Known(HashMap<Handle, Subject>);

impl Known {
    async fn draft(
        &mut self,
        call: &Call,
        principal: &Principal,
        (at, item): (usize, BatchItemInput),
    ) -> Result<TimeEntryDraft, Problem> {
        let BatchItemInput { related_job, minutes_worked, date_stamp, work_summary, created_by } = item;
        let created_by = match created_by {
            Some(handle) => Some(self.subject(call, principal, (at, handle)).await?),
            None => None,
        };
        let work_summary = work_summary.unwrap_or_default();
        Ok(TimeEntryDraft { related_job, minutes_worked, date_stamp, work_summary, created_by })
    }

    async fn subject(
        &mut self,
        call: &Call,
        principal: &Principal,
        (at, handle): (usize, Handle),
    ) -> Result<Subject, Problem> {
        if let Some(subject) = self.0.get(&handle) {
            return Ok(subject.clone());
        }
        let subject = call.author(principal, handle.clone(), &format!("/items/{at}/created_by")).await?;
        self.0.insert(handle, subject.clone());
        Ok(subject)
    }
}

// The handler.

async fn record(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    let body = call.body(Media::Json, call.api.limits.batch_bytes).await?;
    let idempotency = idempotency::of(&call.request, call.path(), &body, principal.token)?;
    let values = json::cost(&body);
    let Batch { mode, items } = body.work(values, |body| Batch::read(Json::parse(body)?)).await?;
    let (mut drafts, mut invalid, mut known) = (Vec::with_capacity(items.len()), Vec::new(), Known::default());
    for (at, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => drafts.push(known.draft(&call, &principal, (at, item)).await?),
            Err(problem) => invalid.push((at, problem)),
        }
    }
    let applied = if drafts.is_empty() && idempotency.is_none() {
        Applied::now(BatchOutcome::new())
    } else {
        // With a key the port is called even without entries, so that it stores the key.
        call.api.ledger.time_entries.record_batch(&principal, drafts, mode, idempotency).await?
    };
    let status = if mode == BatchMode::Atomic { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    answer::applied(applied, |outcome| results(&call, status, outcome, invalid))
}

/// Merges the outcomes of the valid items and the problems of the others, in the order of the items.
fn results(call: &Call, status: StatusCode, outcome: BatchOutcome, invalid: Vec<(usize, Problem)>) -> Answer {
    let (mut outcome, mut invalid) = (outcome.into_iter(), invalid.into_iter().peekable());
    let mut items: Vec<Result<TimeEntry, Problem>> = Vec::with_capacity(outcome.len() + invalid.len());
    loop {
        let at = items.len();
        let item = match invalid.next_if(|(place, _)| *place == at) {
            Some((_, problem)) => Err(problem),
            None => match outcome.next() {
                Some(outcome) => outcome.map_err(|refusal| Problem::of_item(at, refusal)),
                None => break,
            },
        };
        items.push(item);
    }
    let results = items.iter().map(|item| ItemResult::of(item, call.base_path())).collect();
    answer::json(status, &Results { results })
}
