//! Use cases on jobs and time entries.

mod job;
mod time_entry;

pub use job::{JobDraft, JobService};
pub use time_entry::{ListJobEntriesError, TimeEntryDraft, TimeEntryService};
