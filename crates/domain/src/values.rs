//! The values that all features share. Each has one constructor, and both input and stored rows pass through it.
//!
//! Parse, don't validate: a [`DateStamp`] is proof that its day exists. A feature's own values stand in its room,
//! such as [`Minutes`](crate::ledger::Minutes).

mod date_range;
mod date_stamp;
mod id;
mod subject;
pub(crate) mod text;
mod timestamp;
mod version;
pub(crate) mod word;
mod zone;

pub use date_range::{DateRange, DateRangeError};
pub use date_stamp::{DateStamp, DateStampError};
pub use id::{IdError, JobId, PersonId, PingId, TaskRunId, TimeEntryId, TimerId, TokenId};
pub use subject::Subject;
pub use text::TextError;
pub use timestamp::{Timestamp, TimestampError};
pub use version::{Version, VersionError};
pub use zone::{Zone, ZoneError};
