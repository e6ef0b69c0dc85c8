//! The domain's values as SQLite stores them: the columns of a whole row, for an insert and for an update alike.
//!
//! What never changes is left out of updates, above all `created_at`: SQLite would write its index anew.
//!
//! The way back is in [`super::rows`].

use diesel::prelude::*;
use stint_domain::access::Token;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::Timestamp;

use super::schema::{jobs, time_entries, tokens};
use crate::capture::stored_rule::RuleColumns;

/// The columns of `jobs`.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = jobs)]
pub(super) struct JobColumns<'a> {
    pub(super) id: [u8; 16],
    name: &'a str,
    name_folded: String,
    status: &'static str,
    total_minutes: i64,
    version: i64,
    #[diesel(skip_update)]
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a Job> for JobColumns<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            id: job.id.as_uuid().into_bytes(),
            name: job.name.as_str(),
            name_folded: job.name.folded(),
            status: job.status.as_str(),
            // At most 2^53 - 1.
            total_minutes: job.total_minutes.get().cast_signed(),
            version: job.version.get(),
            created_at: job.created_at.as_micros(),
            updated_at: job.updated_at.as_micros(),
        }
    }
}

/// The columns of `time_entries`.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = time_entries)]
pub(super) struct TimeEntryColumns<'a> {
    pub(super) id: [u8; 16],
    related_job: [u8; 16],
    minutes_worked: i64,
    date_stamp: String,
    work_summary: &'a str,
    #[diesel(skip_update)]
    created_by: &'a str,
    version: i64,
    #[diesel(skip_update)]
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a TimeEntry> for TimeEntryColumns<'a> {
    fn from(entry: &'a TimeEntry) -> Self {
        Self {
            id: entry.id.as_uuid().into_bytes(),
            related_job: entry.related_job.as_uuid().into_bytes(),
            minutes_worked: entry.minutes_worked.get().into(),
            date_stamp: entry.date_stamp.to_string(),
            work_summary: entry.work_summary.as_str(),
            created_by: entry.created_by.as_str(),
            version: entry.version.get(),
            created_at: entry.created_at.as_micros(),
            updated_at: entry.updated_at.as_micros(),
        }
    }
}

/// The columns of `tokens`.
#[derive(Debug, Insertable)]
#[diesel(table_name = tokens)]
pub(super) struct TokenColumns<'a> {
    id: [u8; 16],
    name: &'a str,
    subject: &'a str,
    scopes: String,
    secret_hash: [u8; 32],
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    capture_target: Option<&'static str>,
    capture_job: Option<[u8; 16]>,
    capture_zone: Option<&'static str>,
    capture_gap: Option<i64>,
    last_used_at: Option<i64>,
    made_by: Option<[u8; 16]>,
}

impl<'a> From<&'a Token> for TokenColumns<'a> {
    fn from(token: &'a Token) -> Self {
        let rule = RuleColumns::from(token.capture.as_ref());
        Self {
            id: token.id.as_uuid().into_bytes(),
            name: token.name.as_str(),
            subject: token.subject.as_str(),
            scopes: token.scopes.to_string(),
            secret_hash: token.secret_hash.0,
            created_at: token.created_at.as_micros(),
            expires_at: token.expires_at.map(Timestamp::as_micros),
            revoked_at: token.revoked_at.map(Timestamp::as_micros),
            capture_target: rule.target,
            capture_job: rule.job.map(uuid::Uuid::into_bytes),
            capture_zone: rule.zone,
            capture_gap: rule.gap,
            last_used_at: token.last_used_at.map(Timestamp::as_micros),
            made_by: token.made_by.map(|id| id.as_uuid().into_bytes()),
        }
    }
}
