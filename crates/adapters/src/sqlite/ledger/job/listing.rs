//! Pages of jobs.

use diesel::dsl::{AsSelect, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use stint_domain::ledger::Job;
use stint_domain::ledger::ports::job::{JobCursor, ListJobs};
use stint_domain::{BackendError, Page};

use crate::sqlite::error::classify;
use crate::sqlite::keyset::before;
use crate::sqlite::ledger::rows::JobRow;
use crate::sqlite::schema::jobs;

#[diesel::declare_sql_function]
extern "SQL" {
    /// The position of `part` in `text`, from 1; 0 when `text` does not contain it. Unlike `LIKE`, it has no
    /// wildcards.
    fn instr(text: Text, part: Text) -> Integer;
}

pub(super) fn page(connection: &mut SqliteConnection, query: &ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
    let rows: Vec<JobRow> = listing(query).load(connection).map_err(classify)?;
    let jobs: Vec<Job> = rows.into_iter().map(Job::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(jobs, query.size, |job| job.into()))
}

type Listing<'a> = IntoBoxed<'a, Select<jobs::table, AsSelect<JobRow, Sqlite>>, Sqlite>;

fn listing(query: &ListJobs) -> Listing<'_> {
    let mut listing = jobs::table
        .select(JobRow::as_select())
        .order((jobs::created_at.desc(), jobs::id.desc()))
        .limit(query.size.with_lookahead())
        .into_boxed();
    if let Some(status) = query.status {
        listing = listing.filter(jobs::status.eq(status.as_str()));
    }
    if let Some(part) = &query.name_part {
        let is_in = instr(jobs::name_folded, part.as_str()).gt(0);
        listing = match part.decomposed() {
            None => listing.filter(is_in),
            Some(decomposed) => listing.filter(is_in.or(instr(jobs::name_folded, decomposed).gt(0))),
        };
    }
    if let Some(JobCursor { created_at, id }) = query.after {
        let place = (created_at.as_micros(), id.as_uuid().into_bytes());
        listing = listing.filter(before((jobs::created_at, jobs::id), place));
    }
    listing
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{JobId, Timestamp};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn a_page_starts_at_its_place_in_the_index() {
        let after = JobCursor { created_at: Timestamp::from_micros(0).unwrap(), id: JobId::new(Uuid::nil()) };
        let first = query_plan(&listing(&ListJobs::default()));
        assert_eq!(first, ["SCAN jobs USING INDEX jobs_newest_first"]);
        let next = query_plan(&listing(&ListJobs { after: Some(after), ..ListJobs::default() }));
        assert_eq!(next, ["SEARCH jobs USING INDEX jobs_newest_first ((created_at,id)<(?,?))"]);
    }
}
