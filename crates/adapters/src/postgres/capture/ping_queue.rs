//! Waiting pings in Postgres.
//!
//! `FOR UPDATE SKIP LOCKED` lets several consumers take at the same time, and never the same row. All times are the
//! server's `now()`, so the clocks of the workers need not agree. Every statement finds its rows by place, walks them
//! in that order, or has few to read. So the statements run on the sessions for groups, whose plans always do this,
//! whatever the server's statistics say about the table's size, which changes faster than they do. All but one may be
//! repeated; a lease whose answer was lost has to expire first.

use async_trait::async_trait;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::ports::ping_queue::QueueDepth;
use stint_domain::values::Timestamp;

use crate::capture::ping_table::{DeadRow, LeasedRow, NewRow, PUSHES, PingTable, PingTableQueue};
use crate::grouping::{GroupError, GroupLimits, Workers};
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, InDoubt, Repeat};
use crate::postgres::error::BACKEND;
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::Sql;
use crate::sql::{Constant, statements};
use crate::stored_row::StoredRow;

statements! {
    Insert: () = "
        INSERT INTO ping_queue (ping, received_at)
        SELECT ping, received_at FROM unnest(?, ?) WITH ORDINALITY AS new (ping, received_at, nth) ORDER BY nth";
    /// Leases rows that nobody has taken, or whose lease is too old. The rows are found by the index that leaves out
    /// buried ones. They are passed on as an array, because a plan for a join, made when the table had few rows, may
    /// read the whole table.
    Lease: (BigInt, Text, Integer) = "
        WITH free AS (
            SELECT place FROM ping_queue
            WHERE buried_at IS NULL AND (taken_at IS NULL OR taken_at <= now() - ? * interval '1 microsecond')
            ORDER BY place LIMIT ? FOR UPDATE SKIP LOCKED
        )
        UPDATE ping_queue SET consumer = ?, taken_at = now(), deliveries = deliveries + 1
        WHERE place = ANY (ARRAY(SELECT place FROM free))
        RETURNING place, ping, deliveries";
    /// This statement and those below lock rows in the order of their places, so that no two calls deadlock.
    Delete: () = "
        WITH locked AS (
            SELECT place FROM ping_queue WHERE place = ANY (?) AND buried_at IS NULL ORDER BY place FOR UPDATE
        )
        DELETE FROM ping_queue WHERE place = ANY (ARRAY(SELECT place FROM locked))";
    Bury: () = "
        WITH burial AS (
            SELECT place, reason FROM ping_queue JOIN unnest(?, ?) AS given (place, reason) USING (place)
            WHERE buried_at IS NULL ORDER BY place FOR UPDATE OF ping_queue
        )
        UPDATE ping_queue SET dead_reason = burial.reason, buried_at = now()
        FROM burial WHERE ping_queue.place = burial.place";
    Dead: (BigInt, Text, Text, BigInt) = "
        SELECT place, ping, dead_reason, (extract(epoch FROM buried_at) * 1000000)::bigint
        FROM ping_queue WHERE buried_at IS NOT NULL ORDER BY buried_at, place LIMIT ?";
    /// Skips rows that are locked: another call is putting them back and counts them.
    Replay: () = "
        WITH dead AS (
            SELECT place FROM ping_queue WHERE buried_at IS NOT NULL AND (? IS NULL OR place = ANY (?))
            FOR UPDATE SKIP LOCKED
        )
        UPDATE ping_queue
        SET dead_reason = NULL, buried_at = NULL, consumer = NULL, taken_at = NULL, deliveries = 0
        FROM dead WHERE ping_queue.place = dead.place";
    Newest: Text = "SELECT ping FROM ping_queue WHERE buried_at IS NULL ORDER BY place DESC LIMIT ?";
    Depth: (BigInt, Nullable<BigInt>, BigInt) = "
        SELECT
            (SELECT count(*) FROM ping_queue WHERE buried_at IS NULL),
            (SELECT (extract(epoch FROM received_at) * 1000000)::bigint
             FROM ping_queue WHERE buried_at IS NULL ORDER BY place LIMIT 1),
            (SELECT count(*) FROM ping_queue WHERE buried_at IS NOT NULL)";
}

impl Postgres {
    /// The queue of pings in this database, with the default limits on groups of pushes. Make one and clone it: only
    /// clones share groups, and wake each other's takes at once.
    pub fn ping_queue(&self) -> PingTableQueue<Self> {
        self.ping_queue_with(PUSHES)
    }

    /// Like [`Self::ping_queue`], with other limits.
    pub fn ping_queue_with(&self, pushes: GroupLimits) -> PingTableQueue<Self> {
        PingTableQueue::new(self.clone(), pushes)
    }
}

#[async_trait]
impl PingTable for Postgres {
    const BACKEND: &'static str = BACKEND;
    const WRITERS: Workers = Workers::Tasks;

    async fn insert(&self, rows: Vec<NewRow>) -> Result<(), GroupError> {
        let received_at: Vec<_> = rows.iter().map(|row| timestamptz(row.received_at)).collect();
        let pings: Vec<_> = rows.into_iter().map(|row| row.ping).collect();
        let inserted = self.groups.run(Repeat::Harmless, (pings, received_at), |connection, (pings, received_at)| {
            let insert =
                Sql::<Insert>::constant().bind::<Array<Text>, _>(pings).bind::<Array<Timestamptz>, _>(received_at);
            Box::pin(done(insert, connection))
        });
        inserted.await.map_err(
            |error: BackendError| {
                if InDoubt::is(&error) { GroupError::Unknown(error) } else { GroupError::Undone(error) }
            },
        )
    }

    async fn lease(&self, consumer: String, most: i64, abandoned_after: i64) -> Result<Vec<LeasedRow>, BackendError> {
        // Postgres has no timestamps before that, so no lease can be older.
        let abandoned_after = abandoned_after.min(1_000 * 365 * 86_400 * 1_000_000);
        self.groups
            .run(Repeat::Harmless, (consumer, most, abandoned_after), |connection, (consumer, most, abandoned)| {
                Box::pin(async move {
                    let rows: Vec<(i64, String, i32)> = Sql::<Lease>::constant()
                        .bind::<BigInt, _>(*abandoned)
                        .bind::<BigInt, _>(*most)
                        .bind::<Text, _>(consumer)
                        .load(connection)
                        .await?;
                    let leased = |(place, ping, deliveries)| LeasedRow { place, ping, deliveries };
                    let mut rows: Vec<_> = rows.into_iter().map(leased).collect();
                    rows.sort_by_key(|row| row.place);
                    Ok(rows)
                })
            })
            .await
    }

    async fn delete(&self, places: Vec<i64>) -> Result<(), BackendError> {
        self.groups
            .run(Repeat::Harmless, places, |connection, places| {
                Box::pin(done(Sql::<Delete>::constant().bind::<Array<BigInt>, _>(places), connection))
            })
            .await
    }

    async fn bury(&self, places: Vec<i64>, reasons: Vec<String>) -> Result<(), BackendError> {
        self.groups
            .run(Repeat::Harmless, (places, reasons), |connection, (places, reasons)| {
                let bury = Sql::<Bury>::constant().bind::<Array<BigInt>, _>(places).bind::<Array<Text>, _>(reasons);
                Box::pin(done(bury, connection))
            })
            .await
    }

    async fn dead(&self, most: i64) -> Result<Vec<DeadRow>, BackendError> {
        self.groups
            .run(Repeat::Reads, most, |connection, most| {
                Box::pin(async move {
                    let rows: Vec<(i64, String, String, i64)> =
                        Sql::<Dead>::constant().bind::<BigInt, _>(*most).load(connection).await?;
                    let dead = |(place, ping, reason, buried_at)| {
                        let buried_at = moment("buried_at", place, buried_at)?;
                        Ok(DeadRow { place, ping, reason, buried_at })
                    };
                    rows.into_iter().map(dead).collect()
                })
            })
            .await
    }

    async fn replay(&self, places: Option<Vec<i64>>) -> Result<usize, BackendError> {
        // A repeat would count too few.
        self.groups
            .run(Repeat::Never, places, |connection, places| {
                let replay =
                    Sql::<Replay>::constant()
                        .bind::<Nullable<Array<BigInt>>, _>(places)
                        .bind::<Nullable<Array<BigInt>>, _>(places);
                Box::pin(async move { Ok(replay.execute(connection).await?) })
            })
            .await
    }

    async fn newest(&self, most: i64) -> Result<Vec<String>, BackendError> {
        self.groups
            .run(Repeat::Reads, most, |connection, most| {
                Box::pin(async move { Ok(Sql::<Newest>::constant().bind::<BigInt, _>(*most).load(connection).await?) })
            })
            .await
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        self.groups.run(Repeat::Reads, (), |connection, ()| Box::pin(depth(connection))).await
    }
}

/// Executes a statement without rows.
async fn done<N: Constant>(sql: Sql<'_, N>, connection: &mut AsyncPgConnection) -> Result<(), Failure<BackendError>> {
    Ok(sql.execute(connection).await.map(drop)?)
}

async fn depth(connection: &mut AsyncPgConnection) -> Result<QueueDepth, Failure<BackendError>> {
    let (waiting, oldest, dead): (i64, Option<i64>, i64) = Sql::<Depth>::constant().get_result(connection).await?;
    let oldest = oldest.map(|oldest| moment("received_at", 0, oldest)).transpose()?;
    Ok(QueueDepth { waiting: waiting.max(0).unsigned_abs(), oldest, dead: dead.unsigned_abs() })
}

fn moment(column: &'static str, place: i64, micros: i64) -> Result<Timestamp, BackendError> {
    let row = StoredRow { backend: BACKEND, table: "ping_queue", id: place.to_string() };
    row.column(column, micros, |micros| Timestamp::from_micros(*micros))
}
