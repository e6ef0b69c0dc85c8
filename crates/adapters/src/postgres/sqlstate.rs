//! What each failure of a server means for the statement and for its session: one table by SQLSTATE.
//!
//! It does not know the driver. [`super::error`] turns a driver's failure into a SQLSTATE, [`super::session`] gives
//! sessions up, and [`mod@super::attempt`] sends statements again. `docs/operations.md` shows the same table.

use stint_domain::BackendErrorKind;
use stint_domain::BackendErrorKind::{Corrupt, Internal, Timeout, Unavailable};

use Fault::{Conflict, ForeignKey, Idle, Locked, Lost, Other, ReadOnly, Spent, Stale, Unique};

/// What happened to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is gone. Whether the statement took effect depends on how far it was.
    Lost,
    /// The server had closed the session before the statement arrived.
    Idle,
    /// The session may not write: its server is a standby or was made read-only.
    ReadOnly,
    /// The session's state is out of date: a plan, a prepared statement, an open transaction.
    Stale,
    /// The server could not carry out the statement, but may do so in another session.
    Spent(BackendErrorKind),
    /// The server undid the transaction because of a conflict with another one.
    Conflict,
    /// Another transaction kept a lock for longer than this one waits.
    Locked,
    /// Another row has the same key.
    Unique,
    /// The row refers to a row that does not exist, or other rows refer to it.
    ForeignKey,
    /// A program can only report it.
    Other(BackendErrorKind),
}

/// What happens to sessions after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sessions {
    /// The session stays usable.
    Stay,
    /// This session is replaced.
    ReplaceOne,
    /// This session and all earlier ones are replaced: they lead to the same server.
    ReplaceAll,
}

/// Whether a failed statement is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    No,
    /// Once, on a new session: the failed one did nothing.
    Once,
    /// Once, on a new session, if doing it twice has the same effect as doing it once.
    OnceIfHarmless,
    /// Until it succeeds, up to ten times.
    Often,
}

impl Fault {
    /// What happens to the sessions.
    pub(super) fn sessions(self) -> Sessions {
        match self {
            Lost | ReadOnly => Sessions::ReplaceAll,
            Idle | Stale | Spent(_) => Sessions::ReplaceOne,
            Conflict | Locked | Unique | ForeignKey | Other(_) => Sessions::Stay,
        }
    }

    /// Whether the statement is sent again.
    pub(super) fn again(self) -> Again {
        match self {
            Lost => Again::OnceIfHarmless,
            Idle | ReadOnly | Stale => Again::Once,
            Conflict => Again::Often,
            Spent(_) | Locked | Unique | ForeignKey | Other(_) => Again::No,
        }
    }

    /// The error kind for a caller that knows that nothing was done.
    pub(super) fn kind(self) -> BackendErrorKind {
        match self {
            Lost | Idle | ReadOnly | Conflict => Unavailable,
            Locked => Timeout,
            Stale | Unique | ForeignKey => Internal,
            Spent(kind) | Other(kind) => kind,
        }
    }
}

/// A SQLSTATE or the beginning of a class of them; its name in Postgres' manual; and its meaning.
type State = (&'static str, &'static str, Fault);

/// More specific rows come first. A SQLSTATE without a row is [`Internal`], and its session is replaced.
pub(super) const STATES: [State; 31] = [
    ("08", "connection_exception", Lost),
    ("0A000", "feature_not_supported (cached plan must not change result type)", Stale),
    ("23001", "restrict_violation", ForeignKey),
    ("23503", "foreign_key_violation", ForeignKey),
    ("23505", "unique_violation", Unique),
    ("23", "integrity_constraint_violation", Other(Internal)),
    ("25006", "read_only_sql_transaction", ReadOnly),
    ("25P03", "idle_in_transaction_session_timeout", Lost),
    ("25P04", "transaction_timeout", Lost),
    ("25", "invalid_transaction_state", Stale),
    ("26000", "invalid_sql_statement_name", Stale),
    ("40003", "statement_completion_unknown", Lost),
    ("40", "transaction_rollback (serialization_failure, deadlock_detected)", Conflict),
    ("42501", "insufficient_privilege", Spent(Internal)),
    ("42P01", "undefined_table", Other(Internal)),
    ("42P05", "duplicate_prepared_statement", Stale),
    ("53100", "disk_full", Other(Unavailable)),
    ("53200", "out_of_memory", Spent(Unavailable)),
    ("53", "insufficient_resources (too_many_connections)", Other(Unavailable)),
    ("54000", "program_limit_exceeded (no more transaction ids)", Other(Unavailable)),
    ("55P03", "lock_not_available", Locked),
    ("57014", "query_canceled", Other(Timeout)),
    ("57P01", "admin_shutdown", Lost),
    ("57P02", "crash_shutdown", Lost),
    ("57P03", "cannot_connect_now", Lost),
    ("57P04", "database_dropped", Lost),
    ("57P05", "idle_session_timeout", Idle),
    ("57", "operator_intervention", Lost),
    ("58", "system_error", Spent(Unavailable)),
    ("XX001", "data_corrupted", Other(Corrupt)),
    ("XX002", "index_corrupted", Other(Corrupt)),
];

/// The meaning of a SQLSTATE.
pub(super) fn fault_of(sqlstate: &str) -> Fault {
    let found = STATES.iter().find(|(state, ..)| sqlstate.starts_with(state));
    found.map_or(Spent(Internal), |(_, _, fault)| *fault)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Otherwise a row could never be reached.
    #[test]
    fn no_class_stands_before_its_own_members() {
        for (at, (state, ..)) in STATES.iter().enumerate() {
            assert!(STATES[..at].iter().all(|(before, ..)| !state.starts_with(before)), "{state}");
        }
    }

    #[test]
    fn a_member_of_a_class_means_what_its_own_row_or_the_class_says() {
        for (state, fault) in [
            ("08006", Lost),
            ("08P01", Lost),
            ("25P02", Stale),
            ("25001", Stale),
            ("40001", Conflict),
            ("40P01", Conflict),
            ("53300", Other(Unavailable)),
            ("57P04", Lost),
            ("58030", Spent(Unavailable)),
            ("22012", Spent(Internal)),
            ("23514", Other(Internal)),
        ] {
            assert_eq!(fault_of(state), fault, "{state}");
        }
    }

    /// A statement may be sent again on any session only if it certainly did nothing.
    #[test]
    fn what_may_have_taken_effect_is_sent_again_only_where_that_is_harmless() {
        for (state, _, fault) in STATES {
            let doubtful = fault == Lost;
            assert_eq!(fault.again() == Again::OnceIfHarmless, doubtful, "{state}");
            assert!(fault.again() != Again::Once || fault.sessions() != Sessions::Stay, "{state}");
        }
    }

    /// `docs/operations.md` shows what an operator needs to know about each state.
    #[test]
    fn the_table_of_the_manual_has_every_state() {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let manual = fs::read_to_string(manual).expect("docs/operations.md");
        let rows: Vec<_> = manual.lines().filter(|line| line.starts_with("| `")).collect();
        for (state, _, fault) in STATES {
            let name = if state.len() == 2 { format!("`{state}...`") } else { format!("`{state}`") };
            let row =
                rows.iter().find(|row| row.starts_with("| ") && row.split('|').nth(1).unwrap_or("").contains(&name));
            let row = row.unwrap_or_else(|| panic!("no row of {name}"));
            let sessions = match fault.sessions() {
                Sessions::Stay => "| stays |",
                Sessions::ReplaceOne => "| replaced |",
                Sessions::ReplaceAll => "| all replaced |",
            };
            assert!(row.contains(sessions), "{row}");
            let again = match fault.again() {
                Again::No => "| no |",
                Again::Once => "| once |",
                Again::OnceIfHarmless => "| once, if harmless |",
                Again::Often => "| up to ten times |",
            };
            assert!(row.contains(again), "{row}");
        }
    }
}
