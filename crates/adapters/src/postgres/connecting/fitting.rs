//! Whether a session is of the kind that `target_session_attrs` asks for. One question finds out for all kinds and all
//! versions of the server.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::Driver;
use super::error::{Cause, NotUnderstood};
use super::options::Options;

const QUESTION: &str = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";

/// What a session must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl Wanted {
    pub(super) fn parse(options: &Options) -> Result<Self, NotUnderstood> {
        options.choice(
            "target_session_attrs",
            &[
                ("any", Self::Any),
                ("read-write", Self::ReadWrite),
                ("read-only", Self::ReadOnly),
                ("primary", Self::Primary),
                ("standby", Self::Standby),
                ("prefer-standby", Self::PreferStandby),
            ],
        )
    }

    /// What to ask for in the first pass over all hosts, in the second, and so on.
    pub(super) fn passes(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// Asks the server whether it fits. Drives the connection meanwhile.
    pub(super) async fn check(self, client: &Client, driver: &mut Driver) -> Result<(), Cause> {
        if self == Self::Any {
            return Ok(());
        }
        let messages = tokio::select! {
            messages = client.simple_query(QUESTION) => messages?,
            ended = driver => {
                ended?;
                return Err(Cause::Other("the server closed the connection".to_owned()));
            }
        };
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let says = |column, value| row.and_then(|row| row.try_get(column).ok().flatten()) == Some(value);
        self.fits(says(0, "t"), says(1, "on")).map_err(Cause::Unfit)
    }

    fn fits(self, is_standby: bool, is_read_only: bool) -> Result<(), &'static str> {
        match self {
            Self::ReadWrite if is_read_only => Err("it does not accept writes (target_session_attrs=read-write)"),
            Self::ReadOnly if !is_read_only => Err("it accepts writes (target_session_attrs=read-only)"),
            Self::Primary if is_standby => Err("it is a standby (target_session_attrs=primary)"),
            Self::Standby | Self::PreferStandby if !is_standby => Err("it is not a standby (target_session_attrs)"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_the_sessions_it_names() {
        let (primary, read_only_primary, standby) = ((false, false), (false, true), (true, true));
        for (wanted, fitting) in [
            (Wanted::Any, [true, true, true]),
            (Wanted::ReadWrite, [true, false, false]),
            (Wanted::ReadOnly, [false, true, true]),
            (Wanted::Primary, [true, true, false]),
            (Wanted::Standby, [false, false, true]),
        ] {
            let fits = [primary, read_only_primary, standby].map(|(a, b)| wanted.fits(a, b).is_ok());
            assert_eq!(fits, fitting, "{wanted:?}");
        }
    }
}
