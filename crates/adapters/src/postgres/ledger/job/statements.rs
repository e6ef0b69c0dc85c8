//! The statements on jobs that Diesel's query language cannot express.

use crate::ledger::listing::job_columns;
use crate::postgres::ledger::rows::JobColumns;
use crate::sql::statements;

statements! {
    /// Changes the given fields, if the job exists and has one of the given versions.
    pub(super) Change: JobColumns = concat!(
        "UPDATE jobs SET
            name = coalesce(?, name), name_folded = coalesce(?, name_folded), status = coalesce(?, status),
            version = version + 1, updated_at = GREATEST(updated_at, ?)
        WHERE id = ? AND coalesce(version = ANY (?), true)
        RETURNING ",
        job_columns!()
    );
    /// Deletes a job, if it exists and has one of the given versions.
    pub(super) Delete: () = "DELETE FROM jobs WHERE id = ? AND coalesce(version = ANY (?), true)";
}
