//! The connections of one HTTP worker: one for reads, and some for writes if there are any, or else writes are on the
//! first, too. The statements of all requests are pipelined on them.
//!
//! The statements are those of `pgbench/`, prepared once; each commits by itself. Ids and moments come from the service,
//! as Stint's do, so that a statement that writes returns no rows.

use std::cell::Cell;

use actix_web::rt;
use tokio_postgres::{Client, Error, NoTls, Statement};

const READ_JOB: &str = "
SELECT id, name, status, total_minutes, version, created_at, updated_at
  FROM jobs WHERE id = $1";

/// The entry after the page tells whether there is a next one.
const FIRST_PAGE: &str = "
SELECT id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at
  FROM time_entries WHERE related_job = $1
 ORDER BY date_stamp DESC, id DESC LIMIT 51";

/// A further part of the `WITH` may take the place of `{}`.
const LOG_TIME: &str = "
WITH job AS (
    UPDATE jobs SET total_minutes = total_minutes + $3::smallint, version = version + 1, updated_at = $6::timestamptz
     WHERE id = $2 AND status = 'open'
    RETURNING id
){}
INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
SELECT $1::uuid, id, $3, $4::date, $5::text, 'bench', 0, $6, $6
  FROM job";

const STORE_KEY: &str = r", key AS (
    INSERT INTO idempotency_keys (token_id, key, fingerprint, outcome, created_at)
    SELECT '01900000-0000-7000-8000-000000000000', $7::text,
           '\x0000000000000000000000000000000000000000000000000000000000000000', $8::text, $6
      FROM job
)";

/// Jobs are locked in id order, or two batches would deadlock.
const LOG_BATCH: &str = "
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::date[], $5::text[], $6::timestamptz[])
        AS item (id, job, minutes, day, summary, at)
), locked AS MATERIALIZED (
    SELECT id FROM jobs WHERE id IN (SELECT job FROM input) AND status = 'open' ORDER BY id FOR NO KEY UPDATE
), updated AS (
    UPDATE jobs SET total_minutes = total_minutes + added.minutes, version = version + 1, updated_at = added.at
      FROM (SELECT job, sum(minutes) AS minutes, max(at) AS at
              FROM input JOIN locked ON locked.id = job GROUP BY job) AS added
     WHERE jobs.id = added.job
    RETURNING jobs.id
)
INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
SELECT input.id, job, minutes, day, summary, 'bench', 0, at, at
  FROM input JOIN updated ON updated.id = job";

pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) read_job: Statement,
    pub(crate) first_page: Statement,
    pub(crate) log_time: Statement,
    pub(crate) log_time_with_key: Statement,
    pub(crate) log_batch: Statement,
}

impl Connection {
    async fn open(url: &str) -> Result<Self, Error> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        rt::spawn(connection);
        Ok(Self {
            read_job: client.prepare(READ_JOB).await?,
            first_page: client.prepare(FIRST_PAGE).await?,
            log_time: client.prepare(&LOG_TIME.replace("{}", "")).await?,
            log_time_with_key: client.prepare(&LOG_TIME.replace("{}", STORE_KEY)).await?,
            log_batch: client.prepare(LOG_BATCH).await?,
            client,
        })
    }
}

pub(crate) struct Database {
    reader: Connection,
    writers: Vec<Connection>,
    turn: Cell<usize>,
}

impl Database {
    pub(crate) async fn connect(url: String, writers: usize) -> Result<Self, Error> {
        let reader = Connection::open(&url).await?;
        let mut all = Vec::with_capacity(writers);
        for _ in 0..writers {
            all.push(Connection::open(&url).await?);
        }
        Ok(Self { reader, writers: all, turn: Cell::new(0) })
    }

    pub(crate) fn reader(&self) -> &Connection {
        &self.reader
    }

    /// By turns.
    pub(crate) fn writer(&self) -> &Connection {
        if self.writers.is_empty() {
            return &self.reader;
        }
        let turn = self.turn.get() % self.writers.len();
        self.turn.set(turn + 1);
        &self.writers[turn]
    }
}
