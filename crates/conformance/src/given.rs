//! Valid values and commands. A clause takes one and changes the fields it is about: `CreateJob { name:
//! name("Research"), ..create_job() }`.

use chrono::NaiveDate;
use stint_domain::PageSize;
use stint_domain::access::{Scopes, SecretHash, Token, TokenKind};
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping, PingTarget};
use stint_domain::ledger::ports::job::{CreateJob, DeleteJob, EntriesOfDeleted, JobChanges, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, DeleteTimeEntry, ListTimeEntries, NewTimeEntry, PutTimeEntry, RecordBatch, RecordTime, TimeEntryChanges,
    UpdateTimeEntry,
};
use stint_domain::ledger::{
    Fingerprint, Idempotency, IdempotencyKey, JobName, JobStatus, Minutes, NamePart, Precondition, WorkSummary,
};
use stint_domain::values::{DateStamp, JobId, PingId, Subject, TimeEntryId, Timestamp, TokenId, Version, Zone};
use uuid::Uuid;

/// A new id.
#[expect(clippy::disallowed_methods, reason = "a clause needs ids before it has a port to ask")]
pub(crate) fn fresh() -> Uuid {
    Uuid::now_v7()
}

/// The id of no job.
pub(crate) fn job_id() -> JobId {
    JobId::new(fresh())
}

/// The id of no entry.
pub(crate) fn entry_id() -> TimeEntryId {
    TimeEntryId::new(fresh())
}

/// The moment so many seconds after the start of the suite's time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
}

pub(crate) fn name(text: &str) -> JobName {
    JobName::new(text).unwrap()
}

pub(crate) fn part(text: &str) -> NamePart {
    NamePart::new(text).unwrap()
}

pub(crate) fn minutes(minutes: i64) -> Minutes {
    Minutes::new(minutes).unwrap()
}

pub(crate) fn summary(text: &str) -> WorkSummary {
    WorkSummary::new(text).unwrap()
}

pub(crate) fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

pub(crate) fn date(text: &str) -> DateStamp {
    text.parse().unwrap()
}

/// The date so many days after the first of 2026.
pub(crate) fn day(days: u64) -> DateStamp {
    DateStamp::new(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(days)).unwrap()
}

pub(crate) fn size(size: u64) -> PageSize {
    PageSize::new(size).unwrap()
}

/// A version that nothing in a clause has.
pub(crate) fn stale() -> Precondition {
    Precondition::Version(vec![Version::new(1).unwrap()])
}

pub(crate) fn exactly(version: Version) -> Precondition {
    Precondition::Version(vec![version])
}

/// A key of a new token. A clone is a repeat.
pub(crate) fn idempotency() -> Idempotency {
    Idempotency {
        token: TokenId::new(fresh()),
        key: IdempotencyKey::new("8e03978e-40d5-43dd-bc93-6894a57f9324").unwrap(),
        fingerprint: Fingerprint([7; 32]),
    }
}

/// The same key for another request.
pub(crate) fn reused(idempotency: &Idempotency) -> Idempotency {
    Idempotency { fingerprint: Fingerprint([8; 32]), ..idempotency.clone() }
}

pub(crate) fn create_job() -> CreateJob {
    CreateJob { id: job_id(), name: name("Research"), status: JobStatus::Open, at: at(0), idempotency: None }
}

pub(crate) fn put_job(id: JobId) -> PutJob {
    PutJob { id, name: name("Review"), status: JobStatus::Open, at: at(1), precondition: Precondition::None }
}

pub(crate) fn update_job(id: JobId) -> UpdateJob {
    UpdateJob { id, changes: JobChanges::default(), at: at(1), precondition: Precondition::None }
}

pub(crate) fn set_status(id: JobId, status: JobStatus) -> UpdateJob {
    UpdateJob { changes: JobChanges { status: Some(status), ..JobChanges::default() }, ..update_job(id) }
}

pub(crate) fn rename(id: JobId, to: &str) -> UpdateJob {
    UpdateJob { changes: JobChanges { name: Some(name(to)), ..JobChanges::default() }, ..update_job(id) }
}

pub(crate) fn delete_job(id: JobId) -> DeleteJob {
    DeleteJob { id, entries: EntriesOfDeleted::Refuse, precondition: Precondition::None }
}

pub(crate) fn delete_job_with_entries(id: JobId) -> DeleteJob {
    DeleteJob { entries: EntriesOfDeleted::Delete, ..delete_job(id) }
}

/// Half an hour for `job`.
pub(crate) fn entry(job: JobId) -> NewTimeEntry {
    NewTimeEntry {
        id: entry_id(),
        related_job: job,
        minutes_worked: minutes(30),
        date_stamp: day(0),
        work_summary: summary("read the field notes"),
        created_by: subject("ada"),
    }
}

pub(crate) fn record(entry: NewTimeEntry) -> RecordTime {
    RecordTime { entry, at: at(1), idempotency: None }
}

pub(crate) fn batch(mode: BatchMode, entries: Vec<NewTimeEntry>) -> RecordBatch {
    RecordBatch { entries, mode, at: at(1), idempotency: None }
}

pub(crate) fn put_entry(entry: NewTimeEntry) -> PutTimeEntry {
    PutTimeEntry { entry, owner: None, at: at(2), precondition: Precondition::None }
}

pub(crate) fn update_entry(id: TimeEntryId) -> UpdateTimeEntry {
    UpdateTimeEntry {
        id,
        changes: TimeEntryChanges::default(),
        owner: None,
        at: at(2),
        precondition: Precondition::None,
    }
}

pub(crate) fn set_minutes(id: TimeEntryId, to: i64) -> UpdateTimeEntry {
    let changes = TimeEntryChanges { minutes_worked: Some(minutes(to)), ..TimeEntryChanges::default() };
    UpdateTimeEntry { changes, ..update_entry(id) }
}

pub(crate) fn move_to(id: TimeEntryId, job: JobId) -> UpdateTimeEntry {
    let changes = TimeEntryChanges { related_job: Some(job), ..TimeEntryChanges::default() };
    UpdateTimeEntry { changes, ..update_entry(id) }
}

pub(crate) fn delete_entry(id: TimeEntryId) -> DeleteTimeEntry {
    DeleteTimeEntry { id, owner: None, at: at(2), precondition: Precondition::None }
}

pub(crate) fn entries_of(job: JobId) -> ListTimeEntries {
    ListTimeEntries { related_job: Some(job), ..ListTimeEntries::default() }
}

/// A token of nobody for the API, with the scope `read` and this hash.
pub(crate) fn token_with(secret_hash: SecretHash) -> Token {
    Token {
        id: TokenId::new(fresh()),
        name: subject("ci"),
        kind: TokenKind::Api,
        subject: subject("ada"),
        person: None,
        scopes: "read".parse().unwrap(),
        capture: None,
        secret_hash,
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        made_by: None,
        last_used_at: None,
    }
}

/// A token of nobody of this kind, with a hash of its own. Sessions and invitations end some hours into the suite's
/// time.
pub(crate) fn token_of(kind: TokenKind) -> Token {
    let id = fresh();
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.as_bytes());
    let token = Token { id: TokenId::new(id), kind, ..token_with(SecretHash(hash)) };
    match kind {
        TokenKind::Api => token,
        TokenKind::Session | TokenKind::Invitation => Token { expires_at: Some(at(10_000)), ..token },
        TokenKind::Capture => {
            let target = CaptureTarget::Projects { create: false };
            let rule = CaptureRule { target, zone: Zone::UTC, gap: Gap::default() };
            Token { scopes: Scopes::CAPTURE, capture: Some(rule), ..token }
        }
    }
}

/// A ping for a new job that came in so many seconds after the start of the suite's time.
pub(crate) fn ping(seconds: i64) -> Ping {
    Ping {
        id: PingId::new(fresh()),
        token: TokenId::new(fresh()),
        subject: subject("ada"),
        target: PingTarget::Job(job_id()),
        zone: Zone::UTC,
        gap: Gap::default(),
        at: at(seconds),
        received_at: at(seconds),
        minutes: None,
        summary: None,
    }
}
