//! The values a ledger is made of, each with one constructor that input and stored rows both pass.
//!
//! Parse, don't validate: who holds a [`Minutes`] knows that it is between 1 and 1440. What a value *does* in the
//! ledger is not here but in [`crate::Job`] and [`crate::TimeEntry`].

mod capture_rule;
mod date_range;
mod date_stamp;
mod gap;
mod id;
mod job_name;
mod minutes;
mod ping_name;
mod subject;
mod text;
mod timestamp;
mod total_minutes;
mod version;
mod work_summary;
mod zone;

pub use capture_rule::{CaptureRule, CaptureTarget};
pub use date_range::{DateRange, DateRangeError};
pub use date_stamp::{DateStamp, DateStampError};
pub use gap::{Gap, GapError};
pub use id::{IdError, JobId, PingId, TaskRunId, TimeEntryId, TokenId};
pub use job_name::{JobName, NamePart};
pub use minutes::{Minutes, MinutesError};
pub use ping_name::PingName;
pub use subject::Subject;
pub use text::TextError;
pub use timestamp::{Timestamp, TimestampError};
pub use total_minutes::{TotalMinutes, TotalMinutesError};
pub use version::{Version, VersionError};
pub use work_summary::WorkSummary;
pub use zone::{Zone, ZoneError};
