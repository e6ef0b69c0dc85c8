//! People and what is kept of them.

use super::{Email, Handle};
use crate::access::{Role, Standing};
use crate::values::text::line_of_text;
use crate::values::word::words;
use crate::values::{PersonId, Timestamp, Version, Zone};

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identifies the person in URLs.
    pub id: PersonId,
    /// The name under which the person signs in and logs time. It never changes.
    pub handle: Handle,
    /// The name that others read.
    pub name: PersonName,
    /// Where the person can be reached; never verified.
    pub email: Option<Email>,
    /// What the person may do.
    pub role: Role,
    /// Whether the person may sign in.
    pub status: PersonStatus,
    /// The zone whose midnight divides the person's days.
    pub time_zone: Zone,
    /// The first day of the person's weeks.
    pub week_starts_on: WeekStart,
    /// Grows with every change.
    pub version: Version,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Person {
    /// What others may know of the person, and so may try as a password.
    pub(super) fn known_by_others(&self) -> Vec<String> {
        let email = self.email.as_ref().map(|email| email.as_str().to_owned());
        [self.handle.as_str().to_owned(), self.name.as_str().to_owned()].into_iter().chain(email).collect()
    }

    /// What the account allows at present.
    pub fn standing(&self) -> Standing {
        Standing { role: self.role, active: self.status == PersonStatus::Active }
    }
}

line_of_text! {
    /// The name of a person that others read: NFC, trimmed, 1 to 120 characters, at least one of them visible, no control
    /// characters.
    PersonName: 1 to 120
}

words! {
    /// Whether a person may sign in.
    PersonStatus {
        /// The person may.
        Active = "active",
        /// The person may not, and neither may their tokens. What they logged stays.
        Deactivated = "deactivated",
    }

    PersonStatusError = "must be `active` or `deactivated`"
}

words! {
    /// The first day of somebody's weeks.
    #[derive(Default)]
    WeekStart {
        /// As in ISO 8601.
        #[default]
        Monday = "monday",
        /// The second day of ISO 8601's weeks.
        Tuesday = "tuesday",
        /// The third.
        Wednesday = "wednesday",
        /// The fourth.
        Thursday = "thursday",
        /// The fifth.
        Friday = "friday",
        /// The sixth.
        Saturday = "saturday",
        /// The last.
        Sunday = "sunday",
    }

    WeekStartError = "must be a day of the week, such as `monday`"
}
