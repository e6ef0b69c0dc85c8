-- The ledger: jobs, their time entries, the tokens that may use it, and the outcomes of idempotent writes.
--
-- Ids are 16-byte blobs, not text: SQLite compares blobs byte by byte, which is the order of the domain's ids, and
-- every index is less than half as large. `hex(id)` shows one in a shell.
-- Moments are microseconds since 1970, within the years 1 to 9999. Dates are ISO 8601 text, which sorts as dates do.
-- Tables are STRICT, and the CHECKs hold the ranges that the domain promises. What only the domain can tell (control
-- characters, trimming, known scopes) is checked when a row is read.

CREATE TABLE jobs (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    -- The domain's folding of the name: `lower()` here knows ASCII alone, and backends must not fold differently.
    name_folded   TEXT    NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('open', 'archived')),
    total_minutes INTEGER NOT NULL CHECK (total_minutes BETWEEN 0 AND 9007199254740991),
    version       INTEGER NOT NULL CHECK (version >= 0),
    created_at    INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800000000 AND 253402300799999999),
    updated_at    INTEGER NOT NULL CHECK (updated_at BETWEEN -62135596800000000 AND 253402300799999999)
-- Rows are small and found by id: without a rowid, that is one search instead of two.
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_newest_first ON jobs (created_at DESC, id DESC);

CREATE TABLE time_entries (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    related_job    BLOB    NOT NULL REFERENCES jobs (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    minutes_worked INTEGER NOT NULL CHECK (minutes_worked BETWEEN 1 AND 1440),
    -- `date()` answers with another date for one that does not exist, and with NULL for what is no date.
    date_stamp     TEXT    NOT NULL CHECK (date_stamp IS date(date_stamp) AND date_stamp >= '0001-01-01'),
    work_summary   TEXT    NOT NULL CHECK (length(work_summary) <= 4000),
    created_by     TEXT    NOT NULL CHECK (length(created_by) BETWEEN 1 AND 120),
    version        INTEGER NOT NULL CHECK (version >= 0),
    created_at     INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800000000 AND 253402300799999999),
    updated_at     INTEGER NOT NULL CHECK (updated_at BETWEEN -62135596800000000 AND 253402300799999999)
-- Rows may be large (summaries), so they stay out of the index on the id.
) STRICT;

CREATE INDEX time_entries_of_job_latest_first ON time_entries (related_job, date_stamp DESC, id DESC);
CREATE INDEX time_entries_of_subject_latest_first ON time_entries (created_by, date_stamp DESC, id DESC);
CREATE INDEX time_entries_latest_first ON time_entries (date_stamp DESC, id DESC);

CREATE TABLE tokens (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    subject     TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 120),
    scopes      TEXT    NOT NULL CHECK (length(scopes) >= 1),
    secret_hash BLOB    NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    created_at  INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800000000 AND 253402300799999999),
    expires_at  INTEGER CHECK (expires_at BETWEEN -62135596800000000 AND 253402300799999999),
    revoked_at  INTEGER CHECK (revoked_at BETWEEN -62135596800000000 AND 253402300799999999)
) STRICT, WITHOUT ROWID;

-- The token is not a foreign key: a key outlives nothing and needs only to be unique per token.
CREATE TABLE idempotency_keys (
    token_id    BLOB    NOT NULL CHECK (length(token_id) = 16),
    key         TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    outcome     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800000000 AND 253402300799999999),
    PRIMARY KEY (token_id, key)
) STRICT;

-- Old keys are found by age.
CREATE INDEX idempotency_keys_oldest_first ON idempotency_keys (created_at);

-- Diesel records which migrations ran, not what they are. A migration that contracts the schema inserts its version
-- here, so that an older program knows that this database is no longer for it.
CREATE TABLE contract_migrations (
    version TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
