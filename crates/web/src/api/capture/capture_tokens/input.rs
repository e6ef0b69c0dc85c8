//! What callers send to create and change capture tokens.

use stint_domain::access::ports::token::{Expiry, TokenChanges};
use stint_domain::values::{Subject, Timestamp, Zone};

use crate::input::input;

input! {
    /// A new token that is bound to no job.
    pub(crate) struct CaptureTokenInput {
        /// What people call it: trimmed and in NFC, one of its characters visible, no control characters.
        required name: Subject, example "editor";
        /// The IANA time zone whose midnight divides the days; it never changes.
        default time_zone: Zone;
        /// From when on it is refused; never, unless given.
        default expires_at: Option<Timestamp>;
        /// Whether a project without a job gets a new one.
        default creates_jobs: bool, example true;
    }
}

input! {
    /// A new token of the job in the path.
    pub(crate) struct CaptureTokenOfJobInput {
        /// What people call it: trimmed and in NFC, one of its characters visible, no control characters.
        required name: Subject, example "editor";
        /// The IANA time zone whose midnight divides the days; it never changes.
        default time_zone: Zone, example "Europe/Berlin";
        /// From when on it is refused; never, unless given.
        default expires_at: Option<Timestamp>;
    }
}

input! {
    /// The fields of a token to change; what is absent stays.
    pub(crate) struct CaptureTokenPatch {
        /// A new name.
        optional name: Subject;
        /// From when on it is refused; null means never.
        optional expires_at: Option<Timestamp>, example "2027-01-01T00:00:00Z";
    }
}

impl From<CaptureTokenPatch> for TokenChanges {
    fn from(CaptureTokenPatch { name, expires_at }: CaptureTokenPatch) -> Self {
        Self { name, expiry: expires_at.map(|moment| moment.map_or(Expiry::Never, Expiry::At)) }
    }
}
