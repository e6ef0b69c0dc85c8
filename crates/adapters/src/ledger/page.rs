//! The pages that are looked up in groups: those of one job's entries, which one index serves in order. A page of all
//! entries, or of one subject's entries, may read many more rows than it shows, and other callers should not wait for
//! that.

use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, TimeEntryCursor};
use stint_domain::values::{DateRange, JobId};
use stint_domain::{Page, PageSize};

/// A page of time entries.
pub(crate) type TimeEntryPage = Page<TimeEntry, TimeEntryCursor>;

/// The query of a page of one job's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageOfJob {
    pub(crate) job: JobId,
    pub(crate) dates: DateRange,
    pub(crate) size: PageSize,
    pub(crate) after: Option<TimeEntryCursor>,
}

impl PageOfJob {
    /// The page that `query` asks for, if it is a page of one job's entries by any subject.
    pub(crate) fn of(query: &ListTimeEntries) -> Option<Self> {
        let ListTimeEntries { related_job: Some(job), dates, created_by: None, size, after } = *query else {
            return None;
        };
        Some(Self { job, dates, size, after })
    }

    /// The most rows that the page has to read.
    pub(crate) const fn weight(self) -> usize {
        self.size.get() + 1
    }
}

impl From<PageOfJob> for ListTimeEntries {
    fn from(page: PageOfJob) -> Self {
        let PageOfJob { job, dates, size, after } = page;
        Self { related_job: Some(job), dates, created_by: None, size, after }
    }
}
