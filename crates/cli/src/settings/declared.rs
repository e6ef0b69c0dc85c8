//! Every setting, declared once: name, type, default, rule and meaning. From here come the sections' types, the base
//! layer, `stint settings`, errors about unknown keys and the table in `docs/operations.md`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use serde::Deserialize;
use stint_web::{BasePath, CorsOrigins, PublicUrl, TrustedProxies};

use super::key::{Key, settings};
use super::oidc::{Issuer, Roles, Secret};
use super::worker::{InServe, WhenQueueIsDown};
use super::{ByteSize, DatabaseUrl, Listen, Period, RedisUrl, SocketMode, TaskTimes, rules};
use crate::telemetry::{LogFilter, LogFormat};

settings! {
    /// Where the ledger is kept.
    database: DatabaseSettings {
        /// `sqlite://PATH`, percent-encoded and without parameters, or `postgres://USER:PASSWORD@HOST/DATABASE`, with
        /// what libpq takes in a URL, such as several hosts, `sslmode` and `target_session_attrs`
        url: DatabaseUrl;
        /// connections for requests outside groups; on Postgres a process has more: one for each group of writes (4 by
        /// default), four for pings, one for health checks, and up to two for each HTTP thread
        pool_size: u32 = 8;
        /// how long a request waits for a connection, new or from the pool
        connect_timeout: Period = "3s";
        /// how long one statement may run on Postgres
        statement_timeout: Period = "5s";
        /// how long a write of a job waits on Postgres for another write before it is answered 503; must exceed the
        /// server's `deadlock_timeout` (a write of an entry waits about a second)
        lock_timeout: Period = "1500ms";
        /// how long SQLite waits for another process's write
        busy_timeout: Period = "3s";
        /// requests that may wait for a connection; more are answered 503 at once
        max_waiting: usize = 1000;
        /// `true` behind a transaction pooler such as `PgBouncer`: sessions then keep no state, and you set time-outs
        /// for the role
        transaction_pooling: bool = false;
    }

    /// Redis as the queue of pings.
    redis: RedisSettings {
        /// `redis://USER:PASSWORD@HOST:PORT/DB` or `redis+unix:///path/of/the.sock`: where pings wait until they are
        /// logged; if empty, they wait in the database
        url: RedisUrl = "";
        /// how long a ping waits for a connection to Redis
        connect_timeout: Period = "1s";
        /// how long a ping waits for Redis to answer
        response_timeout: Period = "2s";
    }

    /// How callers share round trips and commits.
    coalescing: CoalescingSettings {
        /// how many groups of writes of entries run at the same time on Postgres; one more starts when these are stuck
        /// or another whole group waits; SQLite has one writer
        writers: NonZeroUsize = 1;
        /// how many groups of reads of jobs by id run at the same time, and as many of entries; one more starts when
        /// these are stuck or another whole group waits; on Postgres each HTTP thread has so many
        readers: NonZeroUsize = 1;
        /// the most entries that a group writes; a larger batch is a group of its own
        max_rows: NonZeroUsize = 1000;
        /// the most rows that a group looks up
        max_ids: NonZeroUsize = 200;
        /// how many groups of pages of one job's entries run at the same time; on Postgres each HTTP thread has so many
        page_readers: NonZeroUsize = 2;
        /// the most rows that a group of pages reads; a larger page is a group of its own
        max_page_rows: NonZeroUsize = 250;
        /// how many rows may wait in each queue to be written or looked up, counting all entries of a batch; more are
        /// answered 503 at once; on Postgres each HTTP thread has its own queues of look-ups
        max_waiting: NonZeroUsize = 10000;
    }

    /// The API.
    http: HttpSettings {
        /// `ADDRESS:PORT`, `unix:/path/of/the.sock`, or `systemd`: the one socket that the service manager passes
        listen: Listen = "127.0.0.1:8080";
        /// the Unix socket's permissions, octal
        socket_mode: SocketMode = "0660";
        /// the path below which a proxy serves Stint, such as `/time`; empty at the root. Every URL in answers begins
        /// with it; requests may come with or without it
        base_path: BasePath = "";
        /// the origins whose pages may call the API from a browser, separated by commas, such as
        /// `https://app.example.org`; none if empty
        cors_origins: CorsOrigins = "";
        /// the origin that people type, such as `https://time.example.org`: links begin with it, and cookies and checks for
        /// requests of other sites follow from it. Empty only in development
        public_url: PublicUrl = "";
        /// the proxies that may tell, in `Forwarded` or `X-Forwarded-For`, where a request comes from: addresses, networks
        /// such as `10.0.0.0/8`, and `unix` for peers at a Unix socket, separated by commas
        trusted_proxies: TrustedProxies = "unix";
        /// HTTP threads; 0 is one per core
        workers: usize = 0;
        /// the largest body of a request
        body_limit: ByteSize = "1MiB";
        /// the largest body of a batch
        batch_limit: ByteSize = "16MiB";
        /// how much memory the bodies of all requests may take together; at least twice the largest of them, below
        /// 4096MiB. A large body waits for free memory, and is answered 503 if none becomes free. The bodies of one
        /// token may take at most a third of it at once; bodies of up to 1/256 of it (256 KiB) have a reserved part
        body_budget: ByteSize = "64MiB", rules::body_budget;
        /// how long a request may take before it is answered 503
        request_timeout: Period = "10s";
        /// how long a client may take to send a request's head
        header_timeout: Period = "5s";
        /// how long an idle connection is kept
        keep_alive: Period = "30s";
        /// a client that reads nothing of its answer for so long is disconnected; at least `1s`. It must read about 48
        /// KiB in that time
        write_timeout: Period = "30s", rules::write_timeout;
        /// the most connections, shared out equally to the HTTP threads and rounded up. For one more, the thread closes
        /// its connection that has been idle longest; if none is idle, it answers 503
        max_connections: NonZeroUsize = 1000;
        /// after SIGTERM, how long to go on accepting while `/readyz` is 503, so that a balancer looks elsewhere
        drain_delay: Period = "0s";
        /// after SIGTERM, how long requests in flight may take to finish
        shutdown_timeout: Period = "20s";
    }

    /// How people sign in.
    people: PeopleSettings {
        /// whether people have passwords here; if not, they sign in through the provider alone, which `oidc.issuer`
        /// names
        local_passwords: bool = true, rules::local_passwords;
    }

    /// An OpenID provider, through which people sign in.
    oidc: OidcSettings {
        /// the provider's issuer, to the letter, such as `https://id.example.org/realms/staff`; empty if there is no
        /// provider. It needs `http.public_url` and `oidc.client_id`
        issuer: Issuer = "", rules::issuer;
        /// what the provider calls Stint
        client_id: String = "";
        /// the secret by which the provider knows Stint; empty for a public client
        client_secret: Secret = "";
        /// what Stint asks for, separated by spaces
        scopes: String = "openid profile email", rules::scopes;
        /// what people call the provider; it stands on the button
        name: String = "OpenID";
        /// whether somebody who signs in through the provider for the first time becomes a person here; their handle is
        /// `preferred_username`, or else `email`, up to the `@`
        create_people: bool = false;
        /// the claim of the identity token that tells roles, such as `groups` or `realm_access.roles`; empty if admins
        /// give roles
        role_claim: String = "", rules::role_claim;
        /// which value of that claim gives which role, at each sign-in, such as `stint-admins=admin; staff=member`; the
        /// first pair that matches counts, and without one nobody signs in
        roles: Roles = "";
        /// the audience of the provider's tokens (JWT) that are taken in `Authorization: Bearer`; empty if none are
        bearer_audience: String = "", rules::bearer_audience;
    }

    /// Captured time.
    capture: CaptureSettings {
        /// the gap of new capture tokens: the time between two pings that are less than this apart counts as work
        gap: Period = "15m", rules::gap;
        /// how old a ping may be when it comes in; older ones are refused
        max_age: Period = "14d";
        /// how many new projects a capture token may create jobs for on each of its days; pings for more are answered
        /// 429
        new_jobs_per_day: u32 = 200;
        /// `refuse`: pings are answered 503 while Redis is down; `spool`: they wait in the database meanwhile
        when_queue_is_down: WhenQueueIsDown = "refuse";
    }

    /// Background work.
    worker: WorkerSettings {
        /// whether `stint serve` also works as a worker: `true`, `false`, or `auto`: on SQLite without Redis, and in
        /// development
        in_serve: InServe = "auto";
        /// the most pings that are logged together, 1 to 10,000
        group: usize = 1000, rules::group;
        /// how long after one worker took a ping another may take it; at least `10s`, and longer than logging a group
        /// takes
        abandoned_after: Period = "60s", rules::abandoned_after;
        /// where `stint worker` serves `/metrics`
        metrics_listen: SocketAddr = "127.0.0.1:9465";
    }

    /// How long old data is kept.
    retention: RetentionSettings {
        /// how long the outcome of a write with an `Idempotency-Key` is kept: `24h` to `48h`; after `48h` later writes
        /// delete it anyway
        idempotency_keys: Period = "48h", rules::idempotency_keys;
        /// how long single pings are kept; their time stays for ever. At least 2 days more than `capture.max_age`
        pings: Period = "90d", rules::pings;
        /// how long runs of tasks are kept; at least `1d`
        task_runs: Period = "90d", rules::task_runs;
        /// how long sessions and links are kept after their end
        sessions: Period = "30d";
    }

    /// When tasks run.
    tasks: TasksSettings {
        /// when old idempotency keys are deleted: cron's five fields, in UTC; empty turns the task off
        prune_idempotency_keys: TaskTimes = "20 * * * *";
        /// when old pings are deleted; the same form
        prune_pings: TaskTimes = "40 2 * * *";
        /// when sessions and links are deleted that ended long ago; the same form
        prune_sessions: TaskTimes = "45 2 * * *";
        /// when old runs of tasks are deleted; the same form
        prune_task_runs: TaskTimes = "50 2 * * *";
        /// when every job's total is compared with the sum of its entries; the same form
        verify_totals: TaskTimes = "10 3 * * *";
    }

    /// Metrics for Prometheus.
    metrics: MetricsSettings {
        /// where `stint serve` serves `/metrics`; never the public address
        listen: SocketAddr = "127.0.0.1:9464";
    }

    /// The log.
    log: LogSettings {
        /// `json` or `text`
        format: LogFormat = "json";
        /// `error`, `warn`, `info`, `debug`, `trace`, or per module: `info,stint_web=debug`
        level: LogFilter = "info,actix_server=warn";
    }
}
