//! The stored form of the outcome of an idempotent write: JSON, shared by the SQL backends.
//!
//! Each text has the name and version of its form. It must stay readable for at least as long as keys are stored, so
//! that a repeat after an upgrade still gets its answer. Values that are read pass the domain's constructors; a text
//! that does not is [`Corrupt`]. The wording of an HTTP answer is not stored: `web` renders the outcome again.

use serde::{Deserialize, Serialize};
use stint_domain::ledger::ports::time_entry::RecordRefusal;
use stint_domain::ledger::{Idempotency, Job, JobName, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};
use stint_domain::{BackendError, Corrupt};
use uuid::Uuid;

use crate::ledger::Outcome;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A stored outcome: `{"form": ..., "outcome": ...}`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "form", content = "outcome")]
pub(crate) enum StoredOutcome {
    #[serde(rename = "job/1")]
    Job(StoredJob),
    #[serde(rename = "time_entry/1")]
    TimeEntry(StoredTimeEntry),
    #[serde(rename = "time_entry_batch/1")]
    Batch(Vec<StoredItem>),
}

impl StoredOutcome {
    /// The text to store.
    pub(crate) fn to_text(&self) -> String {
        // Plain structs of numbers and strings can always be serialised.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&Outcome> for StoredOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Job(job) => job.into(),
            Outcome::TimeEntry(entry) => entry.into(),
            Outcome::Batch(items) => Self::Batch(items.iter().map(StoredItem::from).collect()),
        }
    }
}

impl From<&Job> for StoredOutcome {
    fn from(job: &Job) -> Self {
        Self::Job(job.into())
    }
}

impl From<&TimeEntry> for StoredOutcome {
    fn from(entry: &TimeEntry) -> Self {
        Self::TimeEntry(entry.into())
    }
}

impl TryFrom<StoredOutcome> for Outcome {
    type Error = BoxError;

    fn try_from(stored: StoredOutcome) -> Result<Self, BoxError> {
        Ok(match stored {
            StoredOutcome::Job(job) => Self::Job(job.try_into()?),
            StoredOutcome::TimeEntry(entry) => Self::TimeEntry(entry.try_into()?),
            StoredOutcome::Batch(items) => {
                Self::Batch(items.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl Outcome {
    /// Parses the text that `backend` stored under a key. The error names the row.
    pub(crate) fn read(backend: &'static str, key: &Idempotency, text: &str) -> Result<Self, BackendError> {
        let read = || Self::try_from(serde_json::from_str::<StoredOutcome>(text)?);
        read().map_err(|source| {
            let (table, column) = ("idempotency_keys", "outcome");
            let id = format!("({}, {})", key.token, key.key.as_str());
            let value = text.chars().take(200).collect();
            BackendError::corrupt(backend, Corrupt { table, column, id, value, source })
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredJob {
    id: Uuid,
    name: String,
    status: String,
    total_minutes: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<&Job> for StoredJob {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id.as_uuid(),
            name: job.name.as_str().to_owned(),
            status: job.status.as_str().to_owned(),
            // At most 2^53 - 1.
            total_minutes: job.total_minutes.get().cast_signed(),
            version: job.version.get(),
            created_at: job.created_at.as_micros(),
            updated_at: job.updated_at.as_micros(),
        }
    }
}

impl TryFrom<StoredJob> for Job {
    type Error = BoxError;

    fn try_from(stored: StoredJob) -> Result<Self, BoxError> {
        Ok(Self {
            id: JobId::new(stored.id),
            name: JobName::stored(&stored.name)?,
            status: stored.status.parse()?,
            total_minutes: TotalMinutes::new(stored.total_minutes)?,
            version: Version::new(stored.version)?,
            created_at: Timestamp::from_micros(stored.created_at)?,
            updated_at: Timestamp::from_micros(stored.updated_at)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTimeEntry {
    id: Uuid,
    related_job: Uuid,
    minutes_worked: i64,
    date_stamp: String,
    work_summary: String,
    created_by: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<&TimeEntry> for StoredTimeEntry {
    fn from(entry: &TimeEntry) -> Self {
        Self {
            id: entry.id.as_uuid(),
            related_job: entry.related_job.as_uuid(),
            minutes_worked: entry.minutes_worked.get().into(),
            date_stamp: entry.date_stamp.to_string(),
            work_summary: entry.work_summary.as_str().to_owned(),
            created_by: entry.created_by.as_str().to_owned(),
            version: entry.version.get(),
            created_at: entry.created_at.as_micros(),
            updated_at: entry.updated_at.as_micros(),
        }
    }
}

impl TryFrom<StoredTimeEntry> for TimeEntry {
    type Error = BoxError;

    fn try_from(stored: StoredTimeEntry) -> Result<Self, BoxError> {
        Ok(Self {
            id: TimeEntryId::new(stored.id),
            related_job: JobId::new(stored.related_job),
            minutes_worked: Minutes::new(stored.minutes_worked)?,
            date_stamp: stored.date_stamp.parse::<DateStamp>()?,
            work_summary: WorkSummary::stored(&stored.work_summary)?,
            created_by: Subject::stored(&stored.created_by)?,
            version: Version::new(stored.version)?,
            created_at: Timestamp::from_micros(stored.created_at)?,
            updated_at: Timestamp::from_micros(stored.updated_at)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredItem {
    Stored(StoredTimeEntry),
    IdTaken(Uuid),
    JobNotFound(Uuid),
    JobArchived(Uuid),
}

impl From<&Result<TimeEntry, RecordRefusal>> for StoredItem {
    fn from(item: &Result<TimeEntry, RecordRefusal>) -> Self {
        match item {
            Ok(entry) => Self::Stored(entry.into()),
            Err(RecordRefusal::IdTaken(id)) => Self::IdTaken(id.as_uuid()),
            Err(RecordRefusal::JobNotFound(id)) => Self::JobNotFound(id.as_uuid()),
            Err(RecordRefusal::JobArchived(id)) => Self::JobArchived(id.as_uuid()),
        }
    }
}

impl TryFrom<StoredItem> for Result<TimeEntry, RecordRefusal> {
    type Error = BoxError;

    fn try_from(item: StoredItem) -> Result<Self, BoxError> {
        match item {
            StoredItem::Stored(entry) => TimeEntry::try_from(entry).map(Ok),
            StoredItem::IdTaken(id) => Ok(Err(RecordRefusal::IdTaken(TimeEntryId::new(id)))),
            StoredItem::JobNotFound(id) => Ok(Err(RecordRefusal::JobNotFound(JobId::new(id)))),
            StoredItem::JobArchived(id) => Ok(Err(RecordRefusal::JobArchived(JobId::new(id)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::BackendErrorKind;
    use stint_domain::ledger::ports::time_entry::BatchOutcome;
    use stint_domain::ledger::{Fingerprint, IdempotencyKey, JobStatus};
    use stint_domain::values::TokenId;

    use super::*;

    fn entry() -> TimeEntry {
        let at = Timestamp::from_micros(1_700_000_000_000_001).unwrap();
        TimeEntry {
            id: TimeEntryId::new(Uuid::from_u128(2)),
            related_job: JobId::new(Uuid::from_u128(1)),
            minutes_worked: Minutes::new(90).unwrap(),
            date_stamp: "0001-01-01".parse().unwrap(),
            work_summary: WorkSummary::new(" two\n\"lines\" \u{1f9ee}").unwrap(),
            created_by: Subject::new("ada").unwrap(),
            version: Version::initial(at),
            created_at: at,
            updated_at: at,
        }
    }

    fn job() -> Job {
        Job {
            id: entry().related_job,
            name: JobName::new("Päckchen").unwrap(),
            status: JobStatus::Archived,
            total_minutes: TotalMinutes::new(90).unwrap(),
            version: Version::new(3).unwrap(),
            created_at: entry().created_at,
            updated_at: entry().updated_at,
        }
    }

    fn batch() -> BatchOutcome {
        vec![
            Ok(entry()),
            Err(RecordRefusal::IdTaken(entry().id)),
            Err(RecordRefusal::JobNotFound(job().id)),
            Err(RecordRefusal::JobArchived(job().id)),
        ]
    }

    fn read(text: &str) -> Result<Outcome, BackendError> {
        let key = IdempotencyKey::new("k-1").unwrap();
        let key = Idempotency { token: TokenId::new(Uuid::nil()), key, fingerprint: Fingerprint([0; 32]) };
        Outcome::read("postgres", &key, text)
    }

    #[test]
    fn every_outcome_is_read_back_as_it_was() {
        for outcome in [Outcome::Job(job()), Outcome::TimeEntry(entry()), Outcome::Batch(batch())] {
            assert_eq!(read(&StoredOutcome::from(&outcome).to_text()).unwrap(), outcome);
        }
    }

    /// Keys outlive an upgrade, and a release that is rolled back reads what a later one wrote. So these exact texts
    /// must stay readable: add a form instead of changing one.
    #[test]
    fn the_forms_of_the_first_release_stay_what_they_are() {
        let job_text = r#"{"form":"job/1","outcome":{"id":"00000000-0000-0000-0000-000000000001","name":"Päckchen","status":"archived","total_minutes":90,"version":3,"created_at":1700000000000001,"updated_at":1700000000000001}}"#;
        let batch_text = r#"{"form":"time_entry_batch/1","outcome":[{"job_not_found":"00000000-0000-0000-0000-000000000001"},{"stored":{"id":"00000000-0000-0000-0000-000000000002","related_job":"00000000-0000-0000-0000-000000000001","minutes_worked":90,"date_stamp":"0001-01-01","work_summary":" two\n\"lines\" 🧮","created_by":"ada","version":1700000000000001,"created_at":1700000000000001,"updated_at":1700000000000001}}]}"#;
        let entry_text = r#"{"form":"time_entry/1","outcome":{"id":"00000000-0000-0000-0000-000000000002","related_job":"00000000-0000-0000-0000-000000000001","minutes_worked":90,"date_stamp":"0001-01-01","work_summary":" two\n\"lines\" 🧮","created_by":"ada","version":1700000000000001,"created_at":1700000000000001,"updated_at":1700000000000001}}"#;
        let batch = Outcome::Batch(vec![Err(RecordRefusal::JobNotFound(job().id)), Ok(entry())]);
        for (text, outcome) in
            [(job_text, Outcome::Job(job())), (entry_text, Outcome::TimeEntry(entry())), (batch_text, batch)]
        {
            assert_eq!(read(text).unwrap(), outcome);
            assert_eq!(StoredOutcome::from(&outcome).to_text(), text);
        }
    }

    #[test]
    fn text_of_another_form_or_with_bad_values_is_corrupt_and_names_its_row() {
        let text = StoredOutcome::from(&entry()).to_text();
        let (longer_than_a_day, unknown) =
            (text.replace(":90,", ":1500,"), text.replace("time_entry/1", "time_entry/9"));
        for (text, why) in [("", "EOF"), ("{}", "form"), (&longer_than_a_day, "1440"), (&unknown, "`time_entry/9`")] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind, BackendErrorKind::Corrupt, "{text}");
            let place = "idempotency_keys.outcome of (00000000-0000-0000-0000-000000000000, k-1) holds";
            assert!(error.source.to_string().starts_with(place), "{}", error.source);
            let cause = error.source.source().unwrap().to_string();
            assert!(cause.contains(why), "{cause}");
        }
    }
}
