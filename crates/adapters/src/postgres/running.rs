//! The list of this process's sessions on the server, so that their statements can be ended when the process ends.
//!
//! When a process ends, its statements do not: the server goes on with them until it notices, and meanwhile they keep
//! their locks. Deliberately absent: the callers of statements, and ending a single statement. Each has its time-out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql::Sql;
use crate::sql::statements;

/// One of the server's processes: its number, and the microsecond in which it began, because numbers are reused.
type Process = (i32, i64);

/// The open sessions.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<Vec<Process>>);

/// A session that is on the list until this is dropped.
#[derive(Debug)]
pub(super) struct Registered {
    process: Process,
    running: Arc<Running>,
}

/// Sent once per connection, so it is not prepared.
const OWN: &str = "
    SELECT pid, (extract(epoch FROM backend_start) * 1000000)::bigint AS start
    FROM pg_stat_get_activity(pg_backend_pid())";

#[derive(QueryableByName)]
struct Own {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = BigInt)]
    start: i64,
}

statements! {
    Cancel: BigInt = "
        SELECT count(pg_cancel_backend(pid))
        FROM pg_stat_get_activity(NULL) JOIN unnest(?, ?) AS ours (number, start) ON number = pid
        WHERE (extract(epoch FROM backend_start) * 1000000)::bigint = start AND pid <> pg_backend_pid()";
}

impl Running {
    /// Adds a new session.
    pub(super) async fn register(self: &Arc<Self>, connection: &mut AsyncPgConnection) -> QueryResult<Registered> {
        let Own { pid, start } = sql_query(OWN).get_result(connection).await?;
        let process = (pid, start);
        self.processes().push(process);
        Ok(Registered { process, running: Arc::clone(self) })
    }

    /// Ends the statements of all sessions, through another session.
    pub(super) async fn cancel(&self, other: &mut AsyncPgConnection) -> QueryResult<()> {
        let (numbers, starts): (Vec<_>, Vec<_>) = self.processes().iter().copied().unzip();
        Sql::<Cancel>::constant()
            .bind::<Array<Integer>, _>(numbers)
            .bind::<Array<BigInt>, _>(starts)
            .get_result::<i64>(other)
            .await
            .map(drop)
    }

    fn processes(&self) -> MutexGuard<'_, Vec<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut processes = self.running.processes();
        if let Some(at) = processes.iter().position(|process| *process == self.process) {
            processes.swap_remove(at);
        }
    }
}
