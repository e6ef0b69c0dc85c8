//! The use cases: who may do what, and the command that it becomes.
//!
//! A service checks the principal's scope, takes the time and new ids from their ports, and hands one command to one
//! repository. It holds no state, so that any number of instances behave as one. Rules that must hold at the moment of
//! the write, such as "an archived job takes no time", are not here: they are duties of the repositories, which can
//! keep them in the write's own transaction.

mod authentication;
mod capture_token;
mod error;
mod job;
mod ping;
mod task;
#[cfg(test)]
mod test;
mod time_entry;
mod token;

pub use authentication::{AuthenticateError, Authenticator};
pub use capture_token::{CaptureTokenDraft, CaptureTokenService, JobOfTokenError};
pub use error::ServiceError;
pub use job::{JobDraft, JobService};
pub use ping::{
    CaptureLimits, KnownPing, ListKnownPings, MomentError, PingDraft, PingDraftError, PingService, PingState,
    PingStateError, Pushed, TakeBackError,
};
pub use task::TaskService;
pub use time_entry::{ListJobEntriesError, TimeEntryDraft, TimeEntryService};
pub use token::{CapturingTokenDraft, TokenDraft, TokenService};
