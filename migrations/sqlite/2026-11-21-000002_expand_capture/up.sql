-- Capture: tokens whose pings become time, the queue in which pings wait, the pings that were logged, and the runs of
-- background tasks.
--
-- Jobs are no foreign keys here: what a tool sends is kept with its reason when the job it names is not there.

-- A token that captures says what its pings count for; the others say nothing.
ALTER TABLE tokens ADD COLUMN capture_target TEXT CHECK (capture_target IN ('job', 'projects', 'new-projects'));
ALTER TABLE tokens ADD COLUMN capture_job BLOB CHECK (length(capture_job) = 16);
ALTER TABLE tokens ADD COLUMN capture_zone TEXT CHECK (length(capture_zone) >= 1);
ALTER TABLE tokens ADD COLUMN capture_gap INTEGER CHECK (capture_gap BETWEEN 1 AND 86400);
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER
    CHECK (last_used_at BETWEEN -62135596800000000 AND 253402300799999999)
    CHECK (
        (scopes = 'capture') = (capture_target IS NOT NULL)
        AND (capture_target IS NULL) = (capture_zone IS NULL)
        AND (capture_target IS NULL) = (capture_gap IS NULL)
        AND (capture_target IS 'job') = (capture_job IS NOT NULL)
    );

-- The job that a project stands for, for those who speak for a subject.
CREATE TABLE capture_projects (
    subject     TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 120),
    project     TEXT NOT NULL CHECK (length(project) BETWEEN 1 AND 120),
    related_job BLOB NOT NULL CHECK (length(related_job) = 16),
    PRIMARY KEY (subject, project)
) STRICT, WITHOUT ROWID;

CREATE TABLE pings (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_id     BLOB    NOT NULL CHECK (length(token_id) = 16),
    related_job  BLOB    CHECK (length(related_job) = 16),
    at           INTEGER NOT NULL CHECK (at BETWEEN -62135596800000000 AND 253402300799999999),
    received_at  INTEGER NOT NULL CHECK (received_at BETWEEN -62135596800000000 AND 253402300799999999),
    minutes      INTEGER CHECK (minutes BETWEEN 1 AND 1440),
    summary      TEXT    CHECK (length(summary) <= 4000),
    -- The local day of `at`, which is that of its entry.
    day          TEXT    NOT NULL CHECK (day IS date(day) AND day >= '0001-01-01'),
    status       TEXT    NOT NULL CHECK (status IN ('logged', 'ignored', 'retracted')),
    -- Why it is ignored.
    reason       TEXT    CHECK ((status = 'ignored') = (reason IS NOT NULL)),
    logged_at    INTEGER NOT NULL CHECK (logged_at BETWEEN -62135596800000000 AND 253402300799999999),
    CHECK (status <> 'logged' OR related_job IS NOT NULL)
) STRICT;

CREATE INDEX pings_latest_first ON pings (received_at DESC, id DESC);
CREATE INDEX pings_of_token_latest_first ON pings (token_id, received_at DESC, id DESC);
CREATE INDEX pings_of_job_latest_first ON pings (related_job, received_at DESC, id DESC);
-- Few, and what people look for.
CREATE INDEX pings_that_do_not_count ON pings (status, received_at DESC, id DESC) WHERE status <> 'logged';
-- A stream's pings that count, in order: each one's neighbours are found here.
CREATE INDEX pings_of_stream ON pings (related_job, token_id, at) WHERE status = 'logged' AND minutes IS NULL;

-- What a stream's pings of one local day come to.
CREATE TABLE ping_days (
    related_job   BLOB    NOT NULL CHECK (length(related_job) = 16),
    token_id      BLOB    NOT NULL CHECK (length(token_id) = 16),
    day           TEXT    NOT NULL CHECK (day IS date(day) AND day >= '0001-01-01'),
    micros        INTEGER NOT NULL CHECK (micros >= 0),
    -- The summary of the latest ping that has one, and which that is.
    summary       TEXT    CHECK (length(summary) <= 4000),
    summary_at    INTEGER CHECK ((summary_at IS NULL) = (summary IS NULL)),
    summary_ping  BLOB    CHECK ((summary_ping IS NULL) = (summary IS NULL)),
    -- The version of the derived entry as capture wrote it last; none, while there is no entry.
    entry_version INTEGER CHECK (entry_version >= 0),
    -- The entry is somebody else's now.
    detached      INTEGER NOT NULL CHECK (detached IN (0, 1)),
    PRIMARY KEY (related_job, token_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX ping_days_of_token ON ping_days (token_id, day);

-- Pings that are not logged yet, where there is no other queue; and those that could not be.
CREATE TABLE ping_queue (
    -- Never used again, so that what was settled stays settled.
    place       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    ping        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    consumer    TEXT,
    taken_at    INTEGER CHECK ((taken_at IS NULL) = (consumer IS NULL)),
    deliveries  INTEGER NOT NULL DEFAULT 0 CHECK (deliveries >= 0),
    dead_reason TEXT,
    buried_at   INTEGER CHECK ((buried_at IS NULL) = (dead_reason IS NULL))
) STRICT;

-- Those that could not be logged, oldest first: counted often, and few.
CREATE INDEX ping_queue_dead ON ping_queue (buried_at, place) WHERE buried_at IS NOT NULL;

CREATE TABLE task_runs (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    task       TEXT    NOT NULL CHECK (length(task) BETWEEN 1 AND 120),
    due        INTEGER NOT NULL,
    attempt    INTEGER NOT NULL CHECK (attempt >= 1),
    instance   TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    ended_at   INTEGER CHECK ((ended_at IS NULL) = (state = 'running')),
    state      TEXT    NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'dead')),
    detail     TEXT    NOT NULL,
    -- One instance runs it, however many try.
    UNIQUE (task, due, attempt)
) STRICT;

CREATE INDEX task_runs_latest_first ON task_runs (started_at DESC, id DESC);
