//! The statements of groups. Each takes its values as arrays, one per column, so its text is the same for any number
//! of rows, and it is prepared once. One plan serves for a while, too (see [`crate::postgres::session`]).

use diesel::sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::ledger::TimeEntry;

use super::keys::forgotten;
use crate::ledger::listing::{entry_columns, job_columns};
use crate::postgres::ledger::rows::JobColumns;
use crate::postgres::rows::{date, timestamptz};
use crate::postgres::sql::Sql;
use crate::sql::statements;

/// Locks these jobs and the current jobs of these entries, without those to leave out, in the order in which
/// everybody locks jobs.
macro_rules! lock_jobs {
    () => {
        concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs
        WHERE id = ANY (? || ARRAY (SELECT related_job FROM time_entries WHERE time_entries.id = ANY (?)))
            AND id <> ALL (?)
        ORDER BY id FOR NO KEY UPDATE"
        )
    };
}

statements! {
    /// Locks all of them, and waits for them.
    pub(super) LockJobs: JobColumns = lock_jobs!();
    /// Locks those that no other transaction has locked.
    pub(super) LockFreeJobs: JobColumns = concat!(lock_jobs!(), " SKIP LOCKED");
}

/// Rows of entries, from the arrays that [`bind_entries`] binds.
macro_rules! entries {
    () => {
        concat!("unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) AS entry (", entry_columns!(), ")")
    };
}

/// Binds the parameters of [`entries!`].
pub(super) fn bind_entries<'a, N>(sql: Sql<'a, N>, entries: &[&'a TimeEntry]) -> Sql<'a, N> {
    fn column<'a, V>(entries: &[&'a TimeEntry], value: impl Fn(&'a TimeEntry) -> V) -> Vec<V> {
        entries.iter().map(|entry| value(entry)).collect()
    }
    sql.bind::<Array<SqlUuid>, _>(column(entries, |entry| entry.id.as_uuid()))
        .bind::<Array<SqlUuid>, _>(column(entries, |entry| entry.related_job.as_uuid()))
        .bind::<Array<SmallInt>, _>(column(entries, |entry| entry.minutes_worked.get().cast_signed()))
        .bind::<Array<Date>, _>(column(entries, |entry| date(entry.date_stamp)))
        .bind::<Array<Text>, _>(column(entries, |entry| entry.work_summary.as_str()))
        .bind::<Array<Text>, _>(column(entries, |entry| entry.created_by.as_str()))
        .bind::<Array<BigInt>, _>(column(entries, |entry| entry.version.get()))
        .bind::<Array<Timestamptz>, _>(column(entries, |entry| timestamptz(entry.created_at)))
        .bind::<Array<Timestamptz>, _>(column(entries, |entry| timestamptz(entry.updated_at)))
}

/// Adds minutes and versions to the jobs that are open.
///
/// Jobs are updated *before* entries are inserted, and only the jobs that the update returned get entries. The other
/// way round, a racing archive could leave an entry that is not counted. The jobs come in order and are looked up one
/// after the other, so they are locked in order, too. Nothing guarantees this plan (it may differ behind a
/// transaction pooler, where sessions keep no settings), but if two groups ever deadlock, one of them gives up. A
/// separate step that locks the rows first would cost two thirds as much as everything else.
macro_rules! counted {
    () => {
        "WITH counted AS (
            UPDATE jobs
            SET total_minutes = total_minutes + minutes, version = version + versions,
                updated_at = GREATEST(updated_at, change.at)
            FROM unnest(?, ?, ?, ?) AS change (job, minutes, versions, at)
            WHERE jobs.id = change.job AND jobs.status = 'open'
            RETURNING jobs.id
        )"
    };
}

/// Stores the entries of jobs that were counted, and returns the ids of the stored entries.
macro_rules! stored {
    () => {
        concat!(
            "INSERT INTO time_entries (",
            entry_columns!(),
            ") SELECT entry.* FROM ",
            entries!(),
            " JOIN counted ON counted.id = entry.related_job
            RETURNING id"
        )
    };
}

statements! {
    /// Stores the entries whose jobs are open, counts them, and returns the ids of the stored entries.
    pub(super) Record: SqlUuid = concat!(counted!(), stored!());
    /// Like [`Record`], and also stores the outcomes under the entries' keys. A taken key fails the whole statement.
    pub(super) RecordOnce: SqlUuid = concat!(
        counted!(),
        ", stored AS (",
        stored!(),
        "), ",
        forgotten!(),
        ", kept AS (
            INSERT INTO idempotency_keys (created_at, token_id, key, fingerprint, outcome)
            SELECT ?, token_id, key, fingerprint, outcome
            FROM unnest(?, ?, ?, ?, ?) AS new (token_id, key, fingerprint, outcome, entry)
            WHERE entry IN (SELECT id FROM stored)
            ORDER BY token_id, key COLLATE \"C\"
        )
        SELECT id FROM stored"
    );
    /// Stores new entries of locked jobs.
    pub(super) Create: () = concat!("INSERT INTO time_entries (", entry_columns!(), ") SELECT entry.* FROM ", entries!());
    /// Updates the changeable fields of entries of locked jobs.
    pub(super) Edit: () = concat!(
        "UPDATE time_entries SET
            related_job = entry.related_job, minutes_worked = entry.minutes_worked, date_stamp = entry.date_stamp,
            work_summary = entry.work_summary, version = entry.version, updated_at = entry.updated_at
        FROM ",
        entries!(),
        " WHERE time_entries.id = entry.id"
    );
    /// Deletes entries of locked jobs.
    pub(super) Delete: () = "DELETE FROM time_entries WHERE id = ANY (?)";
    /// Sets the totals and versions of locked jobs.
    pub(super) Count: () = "
        UPDATE jobs SET total_minutes = change.total, version = change.version, updated_at = change.at
        FROM unnest(?, ?, ?, ?) AS change (job, total, version, at)
        WHERE id = change.job";
}
