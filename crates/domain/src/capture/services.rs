//! Use cases on pings and on capture tokens.

mod capture_token;
mod ping;

pub use capture_token::{CaptureTokenDraft, CaptureTokenService, JobOfTokenError};
pub use ping::{
    CaptureLimits, ListTrackedPings, MomentError, PingDraft, PingDraftError, PingService, PingState, PingStateError,
    Pushed, TakeBackError, TrackedPing,
};

use super::ports::CapturePorts;
use crate::Sources;
use crate::access::ports::AccessPorts;
use crate::ledger::ports::LedgerPorts;

/// All use cases of capture.
#[derive(Clone)]
pub struct CaptureServices {
    /// On pings.
    pub pings: PingService,
    /// On the tokens that send them.
    pub tokens: CaptureTokenService,
}

impl CaptureServices {
    /// The use cases over these ports.
    pub fn over(
        ports: &CapturePorts,
        access: &AccessPorts,
        ledger: &LedgerPorts,
        sources: &Sources,
        limits: CaptureLimits,
    ) -> Self {
        Self {
            pings: PingService::new(ports, access, sources, limits),
            tokens: CaptureTokenService::new(access, ledger, sources, limits.gap),
        }
    }
}
