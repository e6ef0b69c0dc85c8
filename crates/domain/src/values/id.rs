//! Identifiers. New ones are `UUIDv7`, so that they sort by age; a caller may use any UUID.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// The text is no UUID in its canonical, hyphenated form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes any UUID.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads only the hyphenated form of 36 characters, so that one resource has one URL.
            fn from_str(text: &str) -> Result<Self, IdError> {
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(IdError),
                }
            }
        }
    };
}

id! {
    /// The identifier of a [`Job`](crate::ledger::Job).
    JobId
}
id! {
    /// The identifier of a [`TimeEntry`](crate::ledger::TimeEntry).
    TimeEntryId
}
id! {
    /// The identifier of a [`Token`](crate::access::Token).
    TokenId
}
id! {
    /// The identifier of a [`Ping`](crate::capture::Ping).
    PingId
}
id! {
    /// The identifier of a run of a task.
    TaskRunId
}
id! {
    /// The identifier of a [`Person`](crate::people::Person).
    PersonId
}

id! {
    /// The identifier of a [`Timer`](crate::timers::Timer).
    TimerId
}

impl TokenId {
    /// What stands for the token's id when somebody acts with a token of their provider: the same for each such token
    /// of one identity (a `UUIDv5`: RFC 9562, section 5.5).
    pub fn of_identity(issuer: &str, subject: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, issuer.as_bytes()), subject.as_bytes()))
    }
}

impl PingId {
    /// The id of the ping to which its sender gave `name`: the same for each repeat, and different for another token
    /// (a `UUIDv5` in the token's namespace: RFC 9562, section 5.5).
    pub fn named(token: TokenId, name: &str) -> Self {
        Self(Uuid::new_v5(&token.0, name.as_bytes()))
    }
}

impl From<PingId> for TimeEntryId {
    /// A ping with minutes is stored as an entry with the same id.
    fn from(ping: PingId) -> Self {
        Self(ping.0)
    }
}

impl TimeEntryId {
    /// The id of the entry that holds this part of a timer's time, counted from 0: the same for each stop of the timer
    /// (a `UUIDv5` in the timer's namespace: RFC 9562, section 5.5).
    pub fn of_timer(timer: TimerId, part: usize) -> Self {
        Self(Uuid::new_v5(&timer.0, part.to_string().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_parses() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<JobId>().unwrap().to_string(), text);
        for bad in ["", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "x"] {
            assert_eq!(bad.parse::<JobId>(), Err(IdError), "{bad}");
        }
    }
}
