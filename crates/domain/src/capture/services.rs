//! Use cases on pings and on capture tokens.

mod capture_token;
mod ping;

pub use capture_token::{CaptureTokenDraft, CaptureTokenService, JobOfTokenError};
pub use ping::{
    CaptureLimits, ListTrackedPings, MomentError, PingDraft, PingDraftError, PingService, PingState, PingStateError,
    Pushed, TakeBackError, TrackedPing,
};
