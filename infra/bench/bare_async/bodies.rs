//! What is sent and received, with the members that it has in Stint.

use std::fmt::Display;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct Job<'a> {
    id: Uuid,
    name: &'a str,
    status: &'a str,
    total_minutes: i64,
    time_entries: String,
    #[serde(serialize_with = "moment")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "moment")]
    updated_at: DateTime<Utc>,
}

#[derive(Serialize)]
pub(crate) struct Page<'a> {
    pub(crate) items: Vec<Entry<'a>>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) id: Uuid,
    pub(crate) related_job: Uuid,
    pub(crate) minutes_worked: i16,
    #[serde(serialize_with = "day")]
    pub(crate) date_stamp: NaiveDate,
    pub(crate) work_summary: &'a str,
    created_by: &'a str,
    #[serde(serialize_with = "moment")]
    pub(crate) created_at: DateTime<Utc>,
    #[serde(serialize_with = "moment")]
    updated_at: DateTime<Utc>,
}

#[derive(Serialize)]
pub(crate) struct Results<'a> {
    pub(crate) results: Vec<Stored<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Stored<'a> {
    pub(crate) status: u16,
    pub(crate) time_entry: Entry<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Draft>,
}

#[derive(Deserialize)]
pub(crate) struct Draft {
    /// Absent if the URL has it.
    #[serde(default)]
    pub(crate) related_job: Uuid,
    minutes_worked: i16,
    #[serde(deserialize_with = "parsed_day")]
    date_stamp: NaiveDate,
    work_summary: String,
}

impl<'a> Job<'a> {
    pub(crate) fn of(row: &'a Row) -> Result<Self, Error> {
        let id: Uuid = row.try_get(0)?;
        Ok(Self {
            id,
            name: row.try_get(1)?,
            status: row.try_get(2)?,
            total_minutes: row.try_get(3)?,
            time_entries: format!("/api/v1/jobs/{id}/time-entries"),
            created_at: row.try_get(5)?,
            updated_at: row.try_get(6)?,
        })
    }
}

impl<'a> Entry<'a> {
    pub(crate) fn of(row: &'a Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get(0)?,
            related_job: row.try_get(1)?,
            minutes_worked: row.try_get(2)?,
            date_stamp: row.try_get(3)?,
            work_summary: row.try_get(4)?,
            created_by: row.try_get(5)?,
            created_at: row.try_get(7)?,
            updated_at: row.try_get(8)?,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "there are no ports here")]
    pub(crate) fn new(draft: &'a Draft, related_job: Uuid) -> Self {
        let now = SystemTime::now().into();
        Self {
            id: Uuid::now_v7(),
            related_job,
            minutes_worked: draft.minutes_worked,
            date_stamp: draft.date_stamp,
            work_summary: &draft.work_summary,
            created_by: "bench",
            created_at: now,
            updated_at: now,
        }
    }
}

fn moment<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn day<S: Serializer>(day: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

fn parsed_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}
