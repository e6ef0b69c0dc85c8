//! Waiting pings in SQLite.
//!
//! A take that hands out rows has SQLite's one write lock, so no two take the same row. A take that finds nothing
//! should not need that lock, because waiting consumers would take it ten times a second: so a reader looks first.
//! Times are the system's, because all processes that share the file are on one machine.
//!
//! Statements take their rows as one JSON array, so that their text is the same for any number of rows.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use stint_domain::capture::ports::ping_queue::QueueDepth;
use stint_domain::values::Timestamp;
use stint_domain::{BackendError, Clock};

use crate::capture::ping_table::{DeadRow, LeasedRow, NewRow, PUSHES, PingTable, PingTableQueue};
use crate::grouping::{GroupError, GroupLimits, Workers};
use crate::sql::statements;
use crate::sqlite::Sqlite;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::ledger::group::group_error;
use crate::sqlite::sql::Sql;
use crate::stored_row::StoredRow;
use crate::system::SystemClock;

macro_rules! is_free {
    () => {
        "buried_at IS NULL AND (taken_at IS NULL OR taken_at <= ?)"
    };
}

macro_rules! replay {
    ($and:literal) => {
        concat!(
            "UPDATE ping_queue
            SET dead_reason = NULL, buried_at = NULL, consumer = NULL, taken_at = NULL, deliveries = 0
            WHERE buried_at IS NOT NULL",
            $and
        )
    };
}

statements! {
    Insert: () = "
        INSERT INTO ping_queue (ping, received_at)
        SELECT value ->> 0, value ->> 1 FROM json_each(?) ORDER BY key";
    IsAnyFree: Bool = concat!("SELECT EXISTS (SELECT 1 FROM ping_queue WHERE ", is_free!(), ")");
    Lease: (BigInt, Text, Integer) = concat!(
        "UPDATE ping_queue SET consumer = ?, taken_at = ?, deliveries = deliveries + 1
        WHERE place IN (SELECT place FROM ping_queue WHERE ",
        is_free!(),
        " ORDER BY place LIMIT ?)
        RETURNING place, ping, deliveries"
    );
    Delete: () = "
        DELETE FROM ping_queue WHERE place IN (SELECT value FROM json_each(?)) AND buried_at IS NULL";
    Bury: () = "
        UPDATE ping_queue SET dead_reason = burial.value ->> 1, buried_at = ?
        FROM json_each(?) AS burial
        WHERE place = burial.value ->> 0 AND buried_at IS NULL";
    Dead: (BigInt, Text, Text, BigInt) = "
        SELECT place, ping, dead_reason, buried_at
        FROM ping_queue WHERE buried_at IS NOT NULL ORDER BY buried_at, place LIMIT ?";
    ReplayAll: () = replay!("");
    Replay: () = replay!(" AND place IN (SELECT value FROM json_each(?))");
    Newest: Text = "SELECT ping FROM ping_queue WHERE buried_at IS NULL ORDER BY place DESC LIMIT ?";
    Depth: (BigInt, Nullable<BigInt>, BigInt) = "
        SELECT
            (SELECT count(*) FROM ping_queue WHERE buried_at IS NULL),
            (SELECT received_at FROM ping_queue WHERE buried_at IS NULL ORDER BY place LIMIT 1),
            (SELECT count(*) FROM ping_queue WHERE buried_at IS NOT NULL)";
}

impl Sqlite {
    /// The queue of pings in this file, with the default limits on groups of pushes. Make one and clone it: only
    /// clones share groups, and wake each other's takes at once.
    pub fn ping_queue(&self) -> PingTableQueue<Self> {
        self.ping_queue_with(GroupLimits { spare_workers: 0, ..PUSHES })
    }

    /// Like [`Self::ping_queue`], with other limits. One worker is enough, because one connection writes.
    pub fn ping_queue_with(&self, pushes: GroupLimits) -> PingTableQueue<Self> {
        PingTableQueue::new(self.clone(), pushes)
    }
}

#[async_trait]
impl PingTable for Sqlite {
    const BACKEND: &'static str = BACKEND;
    const WRITERS: Workers = Workers::Threads;

    async fn insert(&self, rows: Vec<NewRow>) -> Result<(), GroupError> {
        let rows = json(&rows.iter().map(|row| (&row.ping, row.received_at.as_micros())).collect::<Vec<_>>());
        let insert = |connection: &mut SqliteConnection| {
            Sql::<Insert>::constant().bind::<Text, _>(rows).execute(connection).map(drop).map_err(classify)
        };
        self.writer.run_here(|session| session.write(insert)).await.map_err(group_error)
    }

    async fn lease(&self, consumer: String, most: i64, abandoned_after: i64) -> Result<Vec<LeasedRow>, BackendError> {
        let cutoff = || now().saturating_sub(abandoned_after);
        let look = cutoff();
        let is_any_free = self.read(move |connection| {
            Sql::<IsAnyFree>::constant().bind::<BigInt, _>(look).get_result(connection).map_err(classify)
        });
        if !is_any_free.await? {
            return Ok(Vec::new());
        }
        let cutoff = cutoff();
        self.write(move |connection| {
            let rows: Vec<(i64, String, i32)> = Sql::<Lease>::constant()
                .bind::<Text, _>(consumer)
                .bind::<BigInt, _>(now())
                .bind::<BigInt, _>(cutoff)
                .bind::<BigInt, _>(most)
                .load(connection)
                .map_err(classify)?;
            let leased = |(place, ping, deliveries)| LeasedRow { place, ping, deliveries };
            let mut rows: Vec<_> = rows.into_iter().map(leased).collect();
            rows.sort_by_key(|row| row.place);
            Ok(rows)
        })
        .await
    }

    async fn delete(&self, places: Vec<i64>) -> Result<(), BackendError> {
        let places = json(&places);
        self.write(move |connection| {
            Sql::<Delete>::constant().bind::<Text, _>(places).execute(connection).map(drop).map_err(classify)
        })
        .await
    }

    async fn bury(&self, places: Vec<i64>, reasons: Vec<String>) -> Result<(), BackendError> {
        let burials = json(&places.iter().zip(&reasons).collect::<Vec<_>>());
        self.write(move |connection| {
            let bury = Sql::<Bury>::constant().bind::<BigInt, _>(now()).bind::<Text, _>(burials);
            bury.execute(connection).map(drop).map_err(classify)
        })
        .await
    }

    async fn dead(&self, most: i64) -> Result<Vec<DeadRow>, BackendError> {
        self.read(move |connection| {
            let rows: Vec<(i64, String, String, i64)> =
                Sql::<Dead>::constant().bind::<BigInt, _>(most).load(connection).map_err(classify)?;
            let dead = |(place, ping, reason, buried_at)| {
                let buried_at = moment("buried_at", place, buried_at)?;
                Ok(DeadRow { place, ping, reason, buried_at })
            };
            rows.into_iter().map(dead).collect()
        })
        .await
    }

    async fn replay(&self, places: Option<Vec<i64>>) -> Result<usize, BackendError> {
        self.write(move |connection| {
            match places {
                None => Sql::<ReplayAll>::constant().execute(connection),
                Some(places) => Sql::<Replay>::constant().bind::<Text, _>(json(&places)).execute(connection),
            }
            .map_err(classify)
        })
        .await
    }

    async fn newest(&self, most: i64) -> Result<Vec<String>, BackendError> {
        self.read(move |connection| {
            Sql::<Newest>::constant().bind::<BigInt, _>(most).load(connection).map_err(classify)
        })
        .await
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        self.read(|connection| {
            let (waiting, oldest, dead): (i64, Option<i64>, i64) =
                Sql::<Depth>::constant().get_result(connection).map_err(classify)?;
            let oldest = oldest.map(|oldest| moment("received_at", 0, oldest)).transpose()?;
            Ok(QueueDepth { waiting: waiting.unsigned_abs(), oldest, dead: dead.unsigned_abs() })
        })
        .await
    }
}

/// Plain lists of numbers and text can always be serialised.
fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).unwrap_or_default()
}

fn now() -> i64 {
    SystemClock.now().as_micros()
}

fn moment(column: &'static str, place: i64, micros: i64) -> Result<Timestamp, BackendError> {
    let row = StoredRow { backend: BACKEND, table: "ping_queue", id: place.to_string() };
    row.column(column, micros, |micros| Timestamp::from_micros(*micros))
}

#[cfg(test)]
mod tests {
    use diesel::sql_query;

    use super::*;
    use crate::sql::Constant;
    use crate::sqlite::query_plan::query_plan;

    /// However many buried ones there are.
    #[test]
    fn what_may_be_taken_is_found_without_a_look_at_what_was_set_aside() {
        for statement in [IsAnyFree::SQL, Lease::SQL, Newest::SQL, Depth::SQL] {
            let plan = query_plan(&sql_query(statement));
            let tables: Vec<_> = plan.iter().filter(|step| step.contains("ping_queue")).collect();
            let narrow =
                ["USING INDEX ping_queue_free", "INDEX ping_queue_dead", "USING INTEGER PRIMARY KEY (rowid=?)"];
            assert!(!tables.is_empty(), "{plan:?}");
            for step in tables {
                assert!(narrow.iter().any(|index| step.contains(index)), "{statement}: {plan:?}");
            }
        }
    }
}
