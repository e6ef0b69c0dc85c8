//! Every setting: its name, type, default, rule and meaning, declared once. The sections' types, the base that all layers
//! stand on, `stint settings`, what is said of unknown keys and the table in `docs/operations.md` come from here.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use serde::Deserialize;
use stint_web::{BasePath, CorsOrigins};

use super::key::{Key, settings};
use super::worker::{InServe, WhenQueueIsDown};
use super::{ByteSize, DatabaseUrl, Listen, Period, RedisUrl, SocketMode, TaskTimes, rules};
use crate::telemetry::{LogFilter, LogFormat};

settings! {
    /// Where the ledger is kept.
    database: DatabaseSettings {
        /// `sqlite://PATH`, percent-encoded and without parameters, or `postgres://USER:PASSWORD@HOST/DATABASE`, with
        /// what libpq takes in a URL, such as several hosts and `target_session_attrs`
        url: DatabaseUrl;
        /// connections for requests that share no group; on Postgres a process has one more for each group of
        /// `[coalescing]` (10 as set here), four for pings, and one for health checks
        pool_size: u32 = 8;
        /// how long a request waits for a connection, new or from the pool
        connect_timeout: Period = "3s";
        /// how long Postgres works on one statement before it gives up
        statement_timeout: Period = "5s";
        /// how long Postgres lets a write of a job wait for another write, before it is answered 503; more than its
        /// `deadlock_timeout` (a write of an entry waits about a second)
        lock_timeout: Period = "1500ms";
        /// how long SQLite waits for another process's write
        busy_timeout: Period = "3s";
        /// requests that may wait for a connection; more are answered 503 at once
        max_waiting: usize = 1000;
        /// `true` behind a transaction pooler such as `PgBouncer`: sessions then keep no state, and time-outs are set for
        /// the role
        transaction_pooling: bool = false;
    }

    /// Where pings wait, if not in the database.
    redis: RedisSettings {
        /// `redis://USER:PASSWORD@HOST:PORT/DB` or `redis+unix:///path/of/the.sock`: where pings wait until they are
        /// logged; empty, they wait in the database
        url: RedisUrl = "";
        /// how long a ping waits for a connection to Redis
        connect_timeout: Period = "1s";
        /// how long a ping waits for Redis to answer
        response_timeout: Period = "2s";
    }

    /// How callers share round trips and commits.
    coalescing: CoalescingSettings {
        /// groups of writes of entries under way at the same time on Postgres, where one more is started when these are
        /// stuck or another whole group waits; SQLite has one writer
        writers: NonZeroUsize = 1;
        /// groups of reads of jobs by id under way at the same time, and as many of entries; where one gets stuck or
        /// another whole group waits, one more is started
        readers: NonZeroUsize = 1;
        /// the most entries that a group writes; a larger batch goes alone
        max_rows: NonZeroUsize = 1000;
        /// the most rows that a group looks up
        max_ids: NonZeroUsize = 200;
        /// groups of pages of one job's entries under way at the same time
        page_readers: NonZeroUsize = 2;
        /// the most rows that a group of pages reads; a larger page goes alone
        max_page_rows: NonZeroUsize = 250;
        /// rows that may wait in each queue to be written or looked up with their group, a batch with all of its
        /// entries; more are answered 503 at once
        max_waiting: NonZeroUsize = 10000;
    }

    /// The API.
    http: HttpSettings {
        /// `ADDRESS:PORT`, `unix:/path/of/the.sock`, or `systemd`: the one socket that the service manager passes
        listen: Listen = "127.0.0.1:8080";
        /// the Unix socket's permissions, octal
        socket_mode: SocketMode = "0660";
        /// the path below which a proxy serves all of this, such as `/time`; empty at the root. Every URL that is
        /// answered begins with it; requests come with it or without it
        base_path: BasePath = "";
        /// the origins whose pages may call the API from a browser, separated by commas, such as
        /// `https://app.example.org`; empty, there are none
        cors_origins: CorsOrigins = "";
        /// HTTP threads; 0 is one per core
        workers: usize = 0;
        /// the largest body of a request
        body_limit: ByteSize = "1MiB";
        /// the largest body of a batch
        batch_limit: ByteSize = "16MiB";
        /// how much memory the bodies of all requests may take together; at least twice the largest of them, below
        /// 4096MiB. A large body waits for room, and is answered 503 when none comes. The bodies of one token have at
        /// most a third of it at once; those of up to 1/256 of it (256 KiB) have a part of their own
        body_budget: ByteSize = "64MiB", rules::body_budget;
        /// how long a request may take before it is answered 503
        request_timeout: Period = "10s";
        /// how long a client may take to send a request's head
        header_timeout: Period = "5s";
        /// how long an idle connection is kept
        keep_alive: Period = "30s";
        /// how long a client may read nothing of its answer before it is cut off; at least `1s`. Some 48 KiB must be
        /// read in it
        write_timeout: Period = "30s", rules::write_timeout;
        /// the most connections, of which each HTTP thread takes its share, rounded up; for one more, the thread's one
        /// that has been idle longest makes room, and where none is idle it is answered 503
        max_connections: NonZeroUsize = 1000;
        /// after SIGTERM, how long to go on accepting while `/readyz` is 503, so that a balancer looks elsewhere
        drain_delay: Period = "0s";
        /// after SIGTERM, how long requests in flight may take to finish
        shutdown_timeout: Period = "20s";
    }

    /// What is taken for captured time.
    capture: CaptureSettings {
        /// the gap of new capture tokens: signals less than this apart belong to one span of work
        gap: Period = "15m", rules::gap;
        /// how old a ping may be when it comes in; older ones are refused
        max_age: Period = "14d";
        /// for how many projects without a job a capture token may have one made on one of its days; pings that name
        /// more are answered 429
        new_jobs_per_day: u32 = 200;
        /// `refuse`: pings are answered 503 while Redis is down; `spool`: they wait in the database meanwhile
        when_queue_is_down: WhenQueueIsDown = "refuse";
    }

    /// Background work.
    worker: WorkerSettings {
        /// whether `stint serve` does the worker's work, too: `true`, `false`, or `auto`, which means on SQLite without
        /// Redis, and in development
        in_serve: InServe = "auto";
        /// the most pings that are logged together, 1 to 10,000
        group: usize = 1000, rules::group;
        /// how long after a worker took a ping another one may take it; at least `10s`, and longer than a group takes
        abandoned_after: Period = "60s", rules::abandoned_after;
        /// where `stint worker` serves `/metrics`
        metrics_listen: SocketAddr = "127.0.0.1:9465";
    }

    /// How long what nobody needs any more is kept.
    retention: RetentionSettings {
        /// how long the outcome of a write with an `Idempotency-Key` is kept: `24h` to `48h`, after which the next
        /// writes forget it anyway
        idempotency_keys: Period = "48h", rules::idempotency_keys;
        /// how long single pings are kept; the time they proved stays for ever. At least 2 days more than
        /// `capture.max_age`
        pings: Period = "90d", rules::pings;
        /// how long runs of tasks are kept; at least `1d`
        task_runs: Period = "90d", rules::task_runs;
    }

    /// When tasks run.
    tasks: TasksSettings {
        /// when old idempotency keys are deleted: cron's five fields, in UTC; empty turns the task off
        prune_idempotency_keys: TaskTimes = "20 * * * *";
        /// when old pings are deleted; likewise
        prune_pings: TaskTimes = "40 2 * * *";
        /// when old runs of tasks are deleted; likewise
        prune_task_runs: TaskTimes = "50 2 * * *";
        /// when every job's total is compared with the sum of its entries; likewise
        verify_totals: TaskTimes = "10 3 * * *";
    }

    /// Numbers for Prometheus.
    metrics: MetricsSettings {
        /// where `stint serve` serves `/metrics`; never the public address
        listen: SocketAddr = "127.0.0.1:9464";
    }

    /// What is said.
    log: LogSettings {
        /// `json` or `text`
        format: LogFormat = "json";
        /// `error`, `warn`, `info`, `debug`, `trace`, or per module: `info,stint_web=debug`
        level: LogFilter = "info,actix_server=warn";
    }
}
