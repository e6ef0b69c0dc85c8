//! The statements on time entries, each with what it does to the totals.
//!
//! Two rules keep a total equal to its sum. A job is updated *before* an entry is inserted for it, and only rows that
//! the update returned get entries: the other way round, an archival that races leaves an entry that is not counted.
//! And where old values matter, they were read under the job's lock.

use diesel::sql_types::{Text, Uuid};

use super::super::sql::Constant;

/// Adds to the totals of the jobs `?` the minutes `?`, at the moment `?` (which stands first).
macro_rules! change_totals {
    () => {
        "UPDATE jobs SET total_minutes = total_minutes + change.minutes, version = version + 1, updated_at = ?
        FROM unnest(?, ?) AS change (job, minutes) WHERE id = change.job"
    };
}

/// Stores one entry and counts it, unless its id is taken or its job takes no time. It answers with the number of
/// entries stored.
pub(super) struct Record;

impl Constant for Record {
    type Columns = ();
    const SQL: &'static str = "
        WITH input (id, job, minutes, date_stamp, work_summary, created_by, version, at) AS (
            SELECT ?, ?, ?, ?, ?, ?, ?, ?
        ), counted AS (
            UPDATE jobs
            SET total_minutes = total_minutes + minutes, version = jobs.version + 1, updated_at = at
            FROM input
            WHERE jobs.id = job AND status = 'open'
                AND NOT EXISTS (SELECT FROM time_entries WHERE time_entries.id = input.id)
            RETURNING jobs.id
        )
        INSERT INTO time_entries
            (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
        SELECT input.id, job, minutes, date_stamp, work_summary, created_by, version, at, at
        FROM input JOIN counted ON counted.id = job";
}

/// Locks the jobs given, in the order that everybody takes locks in, and tells their status.
pub(super) struct LockJobs;

impl Constant for LockJobs {
    type Columns = (Uuid, Text);
    const SQL: &'static str = "SELECT id, status FROM jobs WHERE id = ANY (?) ORDER BY id FOR NO KEY UPDATE";
}

/// Locks an entry's present job and another one, in the same order.
pub(super) struct LockJobsOfEntry;

impl Constant for LockJobsOfEntry {
    type Columns = (Uuid, Text);
    const SQL: &'static str = "
        SELECT id, status FROM jobs
        WHERE id = ANY (ARRAY[(SELECT related_job FROM time_entries WHERE time_entries.id = ?), ?])
        ORDER BY id FOR NO KEY UPDATE";
}

/// Stores many entries of locked jobs, and counts each job's once. It answers with the number of jobs.
pub(super) struct StoreBatch;

impl Constant for StoreBatch {
    type Columns = ();
    const SQL: &'static str = concat!(
        "WITH stored AS (
            INSERT INTO time_entries
                (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
            SELECT entry.*, shared.version, shared.at, shared.at
            FROM unnest(?, ?, ?, ?, ?, ?)
                AS entry (id, related_job, minutes_worked, date_stamp, work_summary, created_by),
                (SELECT ?, ?) AS shared (version, at)
        ) ",
        change_totals!()
    );
}

/// Replaces an entry of a locked job, and counts the difference. It answers with the number of jobs.
pub(super) struct Replace;

impl Constant for Replace {
    type Columns = ();
    const SQL: &'static str = concat!(
        "WITH replaced AS (
            UPDATE time_entries
            SET related_job = ?, minutes_worked = ?, date_stamp = ?, work_summary = ?, version = ?, updated_at = ?
            WHERE id = ?
        ) ",
        change_totals!()
    );
}

/// Deletes an entry of a locked job, and no longer counts it. It answers with the number of jobs.
pub(super) struct Delete;

impl Constant for Delete {
    type Columns = ();
    const SQL: &'static str = concat!(
        "WITH deleted AS (
            DELETE FROM time_entries WHERE id = ?
        ) ",
        change_totals!()
    );
}
