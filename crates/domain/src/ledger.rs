//! The ledger of working time. A [`Job`] collects [`TimeEntry`]s. Its `total_minutes` equals the sum of their minutes
//! at every moment.

pub mod ports;
pub mod services;

mod idempotency;
mod job;
mod job_name;
mod minutes;
mod precondition;
mod time_entry;
mod total_minutes;
mod work_summary;

pub use idempotency::{Applied, Fingerprint, Idempotency, IdempotencyKey, IdempotencyKeyError};
pub use job::{Job, JobStatus, JobStatusError};
pub use job_name::{JobName, NamePart};
pub use minutes::{Minutes, MinutesError};
pub use precondition::{Precondition, PreconditionFailed};
pub use time_entry::TimeEntry;
pub use total_minutes::{TotalMinutes, TotalMinutesError};
pub use work_summary::WorkSummary;
