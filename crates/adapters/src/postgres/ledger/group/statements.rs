//! The statements of groups. Each takes columns of values as arrays, so that its text is the same for one row as for
//! many, and it is prepared once. One plan serves for a while, too (see [`crate::postgres::session`]).

use diesel::sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::ledger::TimeEntry;

use super::keys::forgotten;
use crate::postgres::ledger::rows::{JobColumns, entry_columns, job_columns};
use crate::postgres::rows::{date, timestamptz};
use crate::postgres::sql::{Constant, Sql};

/// Locks these jobs and the present ones of these entries, without those that are left out, in the order that everybody
/// takes locks in.
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

/// Locks them all, and waits for them.
pub(super) struct LockJobs;

impl Constant for LockJobs {
    type Columns = JobColumns;
    const SQL: &'static str = lock_jobs!();
}

/// Locks those that nobody else has locked.
pub(super) struct LockFreeJobs;

impl Constant for LockFreeJobs {
    type Columns = JobColumns;
    const SQL: &'static str = concat!(lock_jobs!(), " SKIP LOCKED");
}

/// Rows of entries, from the arrays that [`bind_entries`] gives.
macro_rules! entries {
    () => {
        concat!("unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) AS entry (", entry_columns!(), ")")
    };
}

/// Gives the parameters of [`entries!`].
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

/// Gives the jobs that take time what is added to them.
///
/// Jobs are updated *before* entries are inserted, and only those that the update returned get entries: the other way
/// round, an archival that races leaves an entry that is not counted. The jobs come in order and are looked up one after
/// the other, so they are locked in order, too. Nothing promises that plan (behind a transaction pooler, where sessions
/// keep no settings, it may be another one), but if two groups ever wait for each other, one of them gives up. Locking
/// the rows by a step of its own before costs two thirds as much as all the rest.
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

/// Stores the entries of jobs that were counted, and gives the ids of those that it stored.
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

/// Stores the entries whose jobs take time, counts them, and answers with the ids of those that it stored.
pub(super) struct Record;

impl Constant for Record {
    type Columns = SqlUuid;
    const SQL: &'static str = concat!(counted!(), stored!());
}

/// The same, with what is done under the keys that some have. A key that is taken fails all of it.
pub(super) struct RecordOnce;

impl Constant for RecordOnce {
    type Columns = SqlUuid;
    const SQL: &'static str = concat!(
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
}

/// Stores new entries of locked jobs.
pub(super) struct Create;

impl Constant for Create {
    type Columns = ();
    const SQL: &'static str =
        concat!("INSERT INTO time_entries (", entry_columns!(), ") SELECT entry.* FROM ", entries!());
}

/// Replaces what can be changed of entries of locked jobs.
pub(super) struct Edit;

impl Constant for Edit {
    type Columns = ();
    const SQL: &'static str = concat!(
        "UPDATE time_entries SET
            related_job = entry.related_job, minutes_worked = entry.minutes_worked, date_stamp = entry.date_stamp,
            work_summary = entry.work_summary, version = entry.version, updated_at = entry.updated_at
        FROM ",
        entries!(),
        " WHERE time_entries.id = entry.id"
    );
}

/// Deletes entries of locked jobs.
pub(super) struct Delete;

impl Constant for Delete {
    type Columns = ();
    const SQL: &'static str = "DELETE FROM time_entries WHERE id = ANY (?)";
}

/// Gives locked jobs their totals and versions.
pub(super) struct Count;

impl Constant for Count {
    type Columns = ();
    const SQL: &'static str = "
        UPDATE jobs SET total_minutes = change.total, version = change.version, updated_at = change.at
        FROM unnest(?, ?, ?, ?) AS change (job, total, version, at)
        WHERE id = change.job";
}
