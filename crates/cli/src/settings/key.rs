//! The keys there are, and what each means: the one place, which `docs/operations.md` repeats under a test.

use figment::value::Value;

use super::database_url;

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// `section.key`.
    pub(crate) path: &'static str,
    /// What it decides, in Markdown.
    pub(crate) meaning: &'static str,
}

/// Every key.
pub(crate) const KEYS: &[Key] = &[
    key(
        "database.url",
        "`sqlite://PATH`, percent-encoded and without parameters, or `postgres://USER:PASSWORD@HOST/DATABASE`, with what libpq takes in a URL, such as several hosts and `target_session_attrs`",
    ),
    key(
        "database.pool_size",
        "connections for requests that share no group; on Postgres a process has one more for each group of `[coalescing]` (10 as set here), four for pings, and one for health checks",
    ),
    key("database.connect_timeout", "how long a request waits for a connection, new or from the pool"),
    key("database.statement_timeout", "how long Postgres works on one statement before it gives up"),
    key(
        "database.lock_timeout",
        "how long Postgres lets a write of a job wait for another write, before it is answered 503; more than its `deadlock_timeout` (a write of an entry waits about a second)",
    ),
    key("database.busy_timeout", "how long SQLite waits for another process's write"),
    key("database.max_waiting", "requests that may wait for a connection; more are answered 503 at once"),
    key(
        "database.transaction_pooling",
        "`true` behind a transaction pooler such as PgBouncer: sessions then keep no state, and time-outs are set for the role",
    ),
    key(
        "redis.url",
        "`redis://USER:PASSWORD@HOST:PORT/DB` or `redis+unix:///path/of/the.sock`: where pings wait until they are logged; empty, they wait in the database",
    ),
    key("redis.connect_timeout", "how long a ping waits for a connection to Redis"),
    key("redis.response_timeout", "how long a ping waits for Redis to answer"),
    key(
        "coalescing.writers",
        "groups of writes of entries under way at the same time on Postgres, where one more is started when these are stuck or another whole group waits; SQLite has one writer",
    ),
    key(
        "coalescing.readers",
        "groups of reads of jobs by id under way at the same time, and as many of entries; where one gets stuck or another whole group waits, one more is started",
    ),
    key("coalescing.max_rows", "the most entries that a group writes; a larger batch goes alone"),
    key("coalescing.max_ids", "the most rows that a group looks up"),
    key("coalescing.page_readers", "groups of pages of one job's entries under way at the same time"),
    key("coalescing.max_page_rows", "the most rows that a group of pages reads; a larger page goes alone"),
    key(
        "coalescing.max_waiting",
        "rows that may wait in each queue to be written or looked up with their group, a batch with all of its entries; more are answered 503 at once",
    ),
    key(
        "http.listen",
        "`ADDRESS:PORT`, `unix:/path/of/the.sock`, or `systemd`: the one socket that the service manager passes",
    ),
    key("http.socket_mode", "the Unix socket's permissions, octal"),
    key(
        "http.base_path",
        "the path below which a proxy serves all of this, such as `/time`; empty at the root. Every URL that is answered begins with it; requests come with it or without it",
    ),
    key(
        "http.cors_origins",
        "the origins whose pages may call the API from a browser, separated by commas, such as `https://app.example.org`; empty, there are none",
    ),
    key("http.workers", "HTTP threads; 0 is one per core"),
    key("http.body_limit", "the largest body of a request"),
    key("http.batch_limit", "the largest body of a batch"),
    key(
        "http.body_budget",
        "how much memory the bodies of all requests may take together; at least twice the largest of them, below 4096MiB. A large body waits for room, and is answered 503 when none comes. The bodies of one token have at most a third of it at once; those of up to 1/256 of it (256 KiB) have a part of their own",
    ),
    key("http.request_timeout", "how long a request may take before it is answered 503"),
    key("http.header_timeout", "how long a client may take to send a request's head"),
    key("http.keep_alive", "how long an idle connection is kept"),
    key(
        "http.write_timeout",
        "how long a client may read nothing of its answer before it is cut off; at least `1s`. Some 48 KiB must be read in it",
    ),
    key(
        "http.max_connections",
        "the most connections, of which each HTTP thread takes its share, rounded up; for one more, the thread's one that has been idle longest makes room, and where none is idle it is answered 503",
    ),
    key(
        "http.drain_delay",
        "after SIGTERM, how long to go on accepting while `/readyz` is 503, so that a balancer looks elsewhere",
    ),
    key("http.shutdown_timeout", "after SIGTERM, how long requests in flight may take to finish"),
    key("capture.gap", "the gap of new capture tokens: signals less than this apart belong to one span of work"),
    key("capture.max_age", "how old a ping may be when it comes in; older ones are refused"),
    key(
        "capture.new_jobs_per_day",
        "for how many projects without a job a capture token may have one made on one of its days; pings that name more are answered 429",
    ),
    key(
        "capture.when_queue_is_down",
        "`refuse`: pings are answered 503 while Redis is down; `spool`: they wait in the database meanwhile",
    ),
    key(
        "worker.in_serve",
        "whether `stint serve` does the worker's work, too: `true`, `false`, or `auto`, which means on SQLite without Redis, and in development",
    ),
    key("worker.group", "the most pings that are logged together, 1 to 10,000"),
    key(
        "worker.abandoned_after",
        "how long after a worker took a ping another one may take it; at least `10s`, and longer than a group takes",
    ),
    key("worker.metrics_listen", "where `stint worker` serves `/metrics`"),
    key(
        "retention.idempotency_keys",
        "how long the outcome of a write with an `Idempotency-Key` is kept: `24h` to `48h`, after which the next writes forget it anyway",
    ),
    key(
        "retention.pings",
        "how long single pings are kept; the time they proved stays for ever. At least 2 days more than `capture.max_age`",
    ),
    key("retention.task_runs", "how long runs of tasks are kept; at least `1d`"),
    key(
        "tasks.prune_idempotency_keys",
        "when old idempotency keys are deleted: cron's five fields, in UTC; empty turns the task off",
    ),
    key("tasks.prune_pings", "when old pings are deleted; likewise"),
    key("tasks.prune_task_runs", "when old runs of tasks are deleted; likewise"),
    key("tasks.verify_totals", "when every job's total is compared with the sum of its entries; likewise"),
    key("metrics.listen", "where `stint serve` serves `/metrics`; never the public address"),
    key("log.format", "`json` or `text`"),
    key("log.level", "`error`, `warn`, `info`, `debug`, `trace`, or per module: `info,stint_web=debug`"),
];

const fn key(path: &'static str, meaning: &'static str) -> Key {
    Key { path, meaning }
}

impl Key {
    pub(super) fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("STINT_{}", self.path.replace('.', "__").to_uppercase())
    }

    pub(super) fn may_hold_a_secret(&self) -> bool {
        matches!(self.path, "database.url" | "redis.url")
    }

    /// A value of this key, fit to be shown.
    pub(super) fn shown(&self, value: &Value) -> String {
        let text = match value {
            Value::String(_, text) => text.clone(),
            Value::Bool(_, flag) => flag.to_string(),
            other => other.to_i128().map_or_else(|| format!("{other:?}"), |number| number.to_string()),
        };
        if self.may_hold_a_secret() && !text.is_empty() { database_url::masked(&text) } else { text }
    }
}
