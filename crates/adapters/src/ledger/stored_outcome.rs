//! The form in which the outcome of an idempotent write is stored: JSON, shared by the SQL backends.
//!
//! Each form names itself and its version, and stays readable for at least as long as keys live, so that a repeat which
//! arrives after an upgrade still gets its answer. What is read back passes the values' own constructors; text that
//! does not is [`Corrupt`]. The wording of an HTTP answer is not stored: `web` renders the outcome again.

use serde::{Deserialize, Serialize};
use stint_domain::ledger::ports::time_entry::{BatchOutcome, RecordRefusal};
use stint_domain::ledger::{Idempotency, Job, JobName, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};
use stint_domain::{BackendError, Corrupt};
use uuid::Uuid;

use crate::ledger::Outcome;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An outcome that can be stored and read back.
pub(crate) trait StoredOutcome: Sized {
    /// The text to store.
    fn to_text(&self) -> String;

    /// The outcome in a stored text.
    fn from_text(text: &str) -> Result<Self, BoxError>;

    /// The outcome that `backend` stored under a key, or which row holds something else.
    fn read(backend: &'static str, key: &Idempotency, text: &str) -> Result<Self, BackendError> {
        Self::from_text(text).map_err(|source| {
            let (table, column) = ("idempotency_keys", "outcome");
            let id = format!("({}, {})", key.token, key.key.as_str());
            let value = text.chars().take(200).collect();
            BackendError::corrupt(backend, Corrupt { table, column, id, value, source })
        })
    }
}

/// One form of outcome: which domain type it holds, and how to get there and back.
macro_rules! stored_outcome {
    ($outcome:ty, $form:literal, $stored:ty) => {
        impl StoredOutcome for $outcome {
            fn to_text(&self) -> String {
                let stored = Stored { form: $form.to_owned(), outcome: <$stored>::from(self) };
                // Plain structs of numbers and strings always serialise.
                serde_json::to_string(&stored).unwrap_or_default()
            }

            fn from_text(text: &str) -> Result<Self, BoxError> {
                let Stored { form, outcome } = serde_json::from_str::<Stored<$stored>>(text)?;
                if form != $form {
                    return Err(format!("the form is {form:?} where {:?} is expected", $form).into());
                }
                outcome.try_into()
            }
        }
    };
}

stored_outcome!(Job, "job/1", StoredJob);
stored_outcome!(TimeEntry, "time_entry/1", StoredTimeEntry);
stored_outcome!(BatchOutcome, "time_entry_batch/1", StoredBatch);

impl Outcome {
    /// The text to store.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Job(job) => job.to_text(),
            Self::TimeEntry(entry) => entry.to_text(),
            Self::Batch(outcome) => outcome.to_text(),
        }
    }

    /// The outcome of whatever write `backend` stored under a key, or which row holds something else.
    pub(crate) fn read(backend: &'static str, key: &Idempotency, text: &str) -> Result<Self, BackendError> {
        #[derive(Deserialize)]
        struct Form {
            form: String,
        }

        match serde_json::from_str(text) {
            Ok(Form { form }) if form.starts_with("job/") => Job::read(backend, key, text).map(Self::Job),
            Ok(Form { form }) if form.starts_with("time_entry_batch/") => {
                BatchOutcome::read(backend, key, text).map(Self::Batch)
            }
            _ => TimeEntry::read(backend, key, text).map(Self::TimeEntry),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    form: String,
    outcome: T,
}

#[derive(Serialize, Deserialize)]
struct StoredJob {
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
struct StoredTimeEntry {
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
struct StoredBatch(Vec<StoredItem>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredItem {
    Stored(StoredTimeEntry),
    IdTaken(Uuid),
    JobNotFound(Uuid),
    JobArchived(Uuid),
}

impl From<&BatchOutcome> for StoredBatch {
    fn from(outcome: &BatchOutcome) -> Self {
        let item = |item: &Result<TimeEntry, RecordRefusal>| match item {
            Ok(entry) => StoredItem::Stored(entry.into()),
            Err(RecordRefusal::IdTaken(id)) => StoredItem::IdTaken(id.as_uuid()),
            Err(RecordRefusal::JobNotFound(id)) => StoredItem::JobNotFound(id.as_uuid()),
            Err(RecordRefusal::JobArchived(id)) => StoredItem::JobArchived(id.as_uuid()),
        };
        Self(outcome.iter().map(item).collect())
    }
}

impl TryFrom<StoredBatch> for BatchOutcome {
    type Error = BoxError;

    fn try_from(stored: StoredBatch) -> Result<Self, BoxError> {
        let item = |item| match item {
            StoredItem::Stored(entry) => TimeEntry::try_from(entry).map(Ok),
            StoredItem::IdTaken(id) => Ok(Err(RecordRefusal::IdTaken(TimeEntryId::new(id)))),
            StoredItem::JobNotFound(id) => Ok(Err(RecordRefusal::JobNotFound(JobId::new(id)))),
            StoredItem::JobArchived(id) => Ok(Err(RecordRefusal::JobArchived(JobId::new(id)))),
        };
        stored.0.into_iter().map(item).collect()
    }
}

#[cfg(test)]
mod tests {
    use stint_domain::BackendErrorKind;
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

    #[test]
    fn every_outcome_is_read_back_as_it_was() {
        let batch: BatchOutcome = vec![
            Ok(entry()),
            Err(RecordRefusal::IdTaken(entry().id)),
            Err(RecordRefusal::JobNotFound(job().id)),
            Err(RecordRefusal::JobArchived(job().id)),
        ];
        assert_eq!(Job::from_text(&job().to_text()).unwrap(), job());
        assert_eq!(TimeEntry::from_text(&entry().to_text()).unwrap(), entry());
        assert_eq!(BatchOutcome::from_text(&batch.to_text()).unwrap(), batch);
    }

    /// Keys outlive an upgrade, so these very texts must stay readable: add a form instead of changing one.
    #[test]
    fn the_forms_of_the_first_release_stay_readable() {
        let job_text = r#"{"form":"job/1","outcome":{"id":"00000000-0000-0000-0000-000000000001","name":"Päckchen","status":"archived","total_minutes":90,"version":3,"created_at":1700000000000001,"updated_at":1700000000000001}}"#;
        assert_eq!(Job::from_text(job_text).unwrap(), job());
        let batch_text = r#"{"form":"time_entry_batch/1","outcome":[{"job_not_found":"00000000-0000-0000-0000-000000000001"},{"stored":{"id":"00000000-0000-0000-0000-000000000002","related_job":"00000000-0000-0000-0000-000000000001","minutes_worked":90,"date_stamp":"0001-01-01","work_summary":" two\n\"lines\" 🧮","created_by":"ada","version":1700000000000001,"created_at":1700000000000001,"updated_at":1700000000000001}}]}"#;
        let batch = vec![Err(RecordRefusal::JobNotFound(job().id)), Ok(entry())];
        assert_eq!(BatchOutcome::from_text(batch_text).unwrap(), batch);
    }

    #[test]
    fn text_of_another_form_or_with_bad_values_is_corrupt_and_names_its_row() {
        let key = Idempotency {
            token: TokenId::new(Uuid::nil()),
            key: IdempotencyKey::new("k-1").unwrap(),
            fingerprint: Fingerprint([0; 32]),
        };
        let of_a_day_with_1500_minutes = entry().to_text().replace(":90,", ":1500,");
        for text in ["", "{}", &job().to_text(), &of_a_day_with_1500_minutes] {
            let error = TimeEntry::read("postgres", &key, text).unwrap_err();
            assert_eq!(error.kind, BackendErrorKind::Corrupt, "{text}");
            let place = "idempotency_keys.outcome of (00000000-0000-0000-0000-000000000000, k-1) holds";
            assert!(error.source.to_string().starts_with(place), "{}", error.source);
        }
    }
}
