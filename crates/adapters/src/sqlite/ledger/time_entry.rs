//! Time entries, and the totals of their jobs. [`super::group`] writes them.

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::TimeEntryId;
use stint_domain::{BackendError, Page};

use crate::ledger::listing::{entry_columns, time_entries as entries_listed};
use crate::sql::statements;
use crate::sqlite::Sqlite;
use crate::sqlite::by_ids;
use crate::sqlite::error::classify;
use crate::sqlite::ledger::rows::{TimeEntryColumns, TimeEntryRow, TimeEntrySelection};
use crate::sqlite::rows;
use crate::sqlite::schema::time_entries;
use crate::sqlite::sql::Dialect;
use crate::sqlite::update_row::UpdateRow;
use crate::stored_row::read;

#[async_trait]
impl TimeEntryRepository for Sqlite {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        self.write_alone(command).await
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        self.write_alone(command).await
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        self.read(move |connection| load(connection, [id]).map(|entries| entries.into_iter().next())).await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        self.read(move |connection| page(connection, &query)).await
    }
}

statements! {
    ById: TimeEntrySelection = concat!("SELECT ", entry_columns!(), " FROM ids CROSS JOIN time_entries ON id = wanted");
}

/// Those of the entries that exist.
pub(in crate::sqlite) fn load(
    connection: &mut SqliteConnection,
    ids: impl IntoIterator<Item = TimeEntryId>,
) -> Result<Vec<TimeEntry>, BackendError> {
    let rows = by_ids::load::<ById, TimeEntryRow>(connection, ids.into_iter().map(TimeEntryId::as_uuid));
    read(rows.map_err(classify)?)
}

/// A page of entries.
pub(in crate::sqlite) fn page(
    connection: &mut SqliteConnection,
    query: &ListTimeEntries,
) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
    let listing = entries_listed::<TimeEntrySelection, Dialect>(query);
    rows::page(listing.load::<TimeEntryRow>(connection), query.size)
}

/// Stores a new entry. Does not update its job's total.
pub(in crate::sqlite) fn insert(connection: &mut SqliteConnection, entry: &TimeEntry) -> Result<(), BackendError> {
    let columns = TimeEntryColumns::from(entry);
    diesel::insert_into(time_entries::table).values(columns).execute(connection).map(drop).map_err(classify)
}

/// Overwrites the stored entry that has this id. Does not update its job's total.
pub(in crate::sqlite) fn update(connection: &mut SqliteConnection, entry: &TimeEntry) -> Result<(), BackendError> {
    let columns = TimeEntryColumns::from(entry);
    UpdateRow::new("time_entries", columns.id, &columns).execute(connection).map(drop).map_err(classify)
}

/// Deletes an entry. Does not update its job's total.
pub(in crate::sqlite) fn delete(connection: &mut SqliteConnection, id: TimeEntryId) -> Result<(), BackendError> {
    let entry = time_entries::table.find(id.as_uuid().into_bytes());
    diesel::delete(entry).execute(connection).map(drop).map_err(classify)
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{DateRange, JobId, Subject};
    use uuid::Uuid;

    use super::*;
    use crate::sql::Varying;
    use crate::sqlite::query_plan::query_plan;
    use crate::sqlite::sql::Sql;

    fn listing(query: &ListTimeEntries) -> Sql<'_, Varying<TimeEntrySelection>> {
        entries_listed(query)
    }

    /// The plans of the first page and of a later one.
    fn plans(query: &ListTimeEntries) -> [Vec<String>; 2] {
        let cursor = TimeEntryCursor { date_stamp: "2026-01-02".parse().unwrap(), id: TimeEntryId::new(Uuid::nil()) };
        let next = ListTimeEntries { after: Some(cursor), ..query.clone() };
        [query_plan(&listing(query)), query_plan(&listing(&next))]
    }

    #[test]
    fn a_page_of_all_entries_starts_at_its_place_in_the_index() {
        let [first, next] = plans(&ListTimeEntries::default());
        assert_eq!(first, ["SCAN time_entries USING INDEX time_entries_latest_first"]);
        assert_eq!(next, ["SEARCH time_entries USING INDEX time_entries_latest_first ((date_stamp,id)<(?,?))"]);
    }

    #[test]
    fn a_page_of_a_job_starts_at_its_place_in_an_index_that_has_all_of_it() {
        let [first, next] =
            plans(&ListTimeEntries { related_job: Some(JobId::new(Uuid::nil())), ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING COVERING INDEX time_entries_of_job_latest_first";
        assert_eq!(first, [format!("{index} (related_job=?)")]);
        assert_eq!(next, [format!("{index} (related_job=? AND (date_stamp,id)<(?,?))")]);
    }

    #[test]
    fn a_range_of_dates_is_read_from_the_index_without_sorting() {
        let dates = DateRange::new("2026-01-01".parse().ok(), "2026-01-31".parse().ok()).unwrap();
        let [first, next] = plans(&ListTimeEntries { dates, ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING INDEX time_entries_latest_first";
        assert_eq!(first, [format!("{index} (date_stamp>? AND date_stamp<?)")]);
        assert_eq!(next, [format!("{index} (date_stamp>? AND (date_stamp,id)<(?,?))")]);
    }

    #[test]
    fn the_last_date_holds_whatever_the_place() {
        let dates = DateRange::new(None, "2026-01-01".parse().ok()).unwrap();
        let [_, next] = plans(&ListTimeEntries { dates, ..ListTimeEntries::default() });
        assert_eq!(next, ["SEARCH time_entries USING INDEX time_entries_latest_first (date_stamp<?)"]);
    }

    #[test]
    fn a_page_of_a_subject_starts_at_its_place_in_the_index() {
        let [first, next] =
            plans(&ListTimeEntries { created_by: Subject::new("ada").ok(), ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING INDEX time_entries_of_subject_latest_first";
        assert_eq!(first, [format!("{index} (created_by=?)")]);
        assert_eq!(next, [format!("{index} (created_by=? AND (date_stamp,id)<(?,?))")]);
    }
}
