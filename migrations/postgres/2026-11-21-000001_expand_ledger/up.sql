-- The ledger: jobs, their time entries, the tokens that may use it, and the outcomes of idempotent writes.
--
-- Moments have microseconds and dates are plain, within the years 1 to 9999. The CHECKs hold the ranges that the
-- domain promises. What only the domain can tell (control characters, trimming, known scopes) is checked when a row is
-- read.

-- Every entry that is logged changes the total, version and updated_at of its job. No index holds these columns and
-- pages keep room for the next version of a row, so that such an update touches no index (HOT).
CREATE TABLE jobs (
    id            uuid        NOT NULL PRIMARY KEY,
    name          text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    -- The domain's folding of the name: `lower()` depends on the database's locale, and backends must not fold
    -- differently.
    name_folded   text        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('open', 'archived')),
    total_minutes bigint      NOT NULL CHECK (total_minutes BETWEEN 0 AND 9007199254740991),
    version       bigint      NOT NULL CHECK (version >= 0),
    created_at    timestamptz NOT NULL
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    updated_at    timestamptz NOT NULL
        CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00')
) WITH (fillfactor = 70);

CREATE INDEX jobs_newest_first ON jobs (created_at DESC, id DESC);

CREATE TABLE time_entries (
    id             uuid        NOT NULL PRIMARY KEY,
    related_job    uuid        NOT NULL REFERENCES jobs (id),
    minutes_worked smallint    NOT NULL CHECK (minutes_worked BETWEEN 1 AND 1440),
    date_stamp     date        NOT NULL CHECK (date_stamp BETWEEN '0001-01-01' AND '9999-12-31'),
    work_summary   text        NOT NULL CHECK (char_length(work_summary) <= 4000),
    created_by     text        NOT NULL CHECK (char_length(created_by) BETWEEN 1 AND 120),
    version        bigint      NOT NULL CHECK (version >= 0),
    created_at     timestamptz NOT NULL
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    updated_at     timestamptz NOT NULL
        CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00')
);

CREATE INDEX time_entries_of_job_latest_first ON time_entries (related_job, date_stamp DESC, id DESC);
CREATE INDEX time_entries_latest_first ON time_entries (date_stamp DESC, id DESC);

CREATE TABLE tokens (
    id          uuid        NOT NULL PRIMARY KEY,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    subject     text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 120),
    scopes      text        NOT NULL CHECK (char_length(scopes) >= 1),
    secret_hash bytea       NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    created_at  timestamptz NOT NULL
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    expires_at  timestamptz
        CHECK (expires_at >= '0001-01-01 00:00:00+00' AND expires_at < '10000-01-01 00:00:00+00'),
    revoked_at  timestamptz
        CHECK (revoked_at >= '0001-01-01 00:00:00+00' AND revoked_at < '10000-01-01 00:00:00+00')
);

-- The token is not a foreign key: a key outlives nothing and needs only to be unique per token.
CREATE TABLE idempotency_keys (
    token_id    uuid        NOT NULL,
    key         text        NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    outcome     text        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (token_id, key)
);

-- Old keys are found by age.
CREATE INDEX idempotency_keys_oldest_first ON idempotency_keys (created_at);

-- Diesel records which migrations ran, not what they are. A migration that contracts the schema inserts its version
-- here, so that an older program knows that this database is no longer for it.
CREATE TABLE contract_migrations (
    version text NOT NULL PRIMARY KEY
);
