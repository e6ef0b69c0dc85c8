-- Capture: tokens whose pings become time, the queue in which pings wait, the pings that were logged, and the runs of
-- background tasks.
--
-- Jobs are no foreign keys here: what a tool sends is kept with its reason when the job it names is not there.

-- A token that captures says what its pings count for; the others say nothing.
ALTER TABLE tokens
    ADD COLUMN capture_target text CHECK (capture_target IN ('job', 'projects', 'new-projects')),
    ADD COLUMN capture_job uuid,
    ADD COLUMN capture_zone text CHECK (char_length(capture_zone) >= 1),
    ADD COLUMN capture_gap integer CHECK (capture_gap BETWEEN 1 AND 86400),
    ADD COLUMN last_used_at timestamptz
        CHECK (last_used_at >= '0001-01-01 00:00:00+00' AND last_used_at < '10000-01-01 00:00:00+00'),
    ADD CONSTRAINT tokens_capture_check CHECK (
        (scopes = 'capture') = (capture_target IS NOT NULL)
        AND (capture_target IS NULL) = (capture_zone IS NULL)
        AND (capture_target IS NULL) = (capture_gap IS NULL)
        AND (capture_target IS NOT DISTINCT FROM 'job') = (capture_job IS NOT NULL)
    );

-- The job that a project stands for, for those who speak for a subject.
CREATE TABLE capture_projects (
    subject     text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 120),
    project     text NOT NULL CHECK (char_length(project) BETWEEN 1 AND 120),
    related_job uuid NOT NULL,
    PRIMARY KEY (subject, project)
);

CREATE TABLE pings (
    id           uuid        NOT NULL PRIMARY KEY,
    token_id     uuid        NOT NULL,
    related_job  uuid,
    at           timestamptz NOT NULL CHECK (at >= '0001-01-01 00:00:00+00' AND at < '10000-01-01 00:00:00+00'),
    received_at  timestamptz NOT NULL
        CHECK (received_at >= '0001-01-01 00:00:00+00' AND received_at < '10000-01-01 00:00:00+00'),
    minutes      smallint    CHECK (minutes BETWEEN 1 AND 1440),
    summary      text        CHECK (char_length(summary) <= 4000),
    -- The local day of `at`, which is that of its entry.
    day          date        NOT NULL CHECK (day BETWEEN '0001-01-01' AND '9999-12-31'),
    status       text        NOT NULL CHECK (status IN ('logged', 'ignored', 'retracted')),
    -- Why it is ignored.
    reason       text        CHECK ((status = 'ignored') = (reason IS NOT NULL)),
    logged_at    timestamptz NOT NULL
        CHECK (logged_at >= '0001-01-01 00:00:00+00' AND logged_at < '10000-01-01 00:00:00+00'),
    CHECK (status <> 'logged' OR related_job IS NOT NULL)
);

CREATE INDEX pings_latest_first ON pings (received_at DESC, id DESC);
CREATE INDEX pings_of_token_latest_first ON pings (token_id, received_at DESC, id DESC);
CREATE INDEX pings_of_job_latest_first ON pings (related_job, received_at DESC, id DESC);
-- Few, and what people look for.
CREATE INDEX pings_that_do_not_count ON pings (status, received_at DESC, id DESC) WHERE status <> 'logged';
-- A stream's pings that count, in order: each one's neighbours are found here.
CREATE INDEX pings_of_stream ON pings (related_job, token_id, at) WHERE status = 'logged' AND minutes IS NULL;

-- What a stream's pings of one local day come to.
CREATE TABLE ping_days (
    related_job   uuid        NOT NULL,
    token_id      uuid        NOT NULL,
    day           date        NOT NULL CHECK (day BETWEEN '0001-01-01' AND '9999-12-31'),
    micros        bigint      NOT NULL CHECK (micros >= 0),
    -- The summary of the latest ping that has one, and which that is.
    summary       text        CHECK (char_length(summary) <= 4000),
    summary_at    timestamptz CHECK ((summary_at IS NULL) = (summary IS NULL)),
    summary_ping  uuid        CHECK ((summary_ping IS NULL) = (summary IS NULL)),
    -- The version of the derived entry as capture wrote it last; none, while there is no entry.
    entry_version bigint      CHECK (entry_version >= 0),
    -- The entry is somebody else's now.
    detached      boolean     NOT NULL,
    PRIMARY KEY (related_job, token_id, day)
) WITH (fillfactor = 70);

CREATE INDEX ping_days_of_token ON ping_days (token_id, day);

-- Pings that are not logged yet, where there is no other queue; and those that could not be.
CREATE TABLE ping_queue (
    place       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ping        text        NOT NULL,
    received_at timestamptz NOT NULL,
    consumer    text,
    taken_at    timestamptz CHECK ((taken_at IS NULL) = (consumer IS NULL)),
    deliveries  integer     NOT NULL DEFAULT 0 CHECK (deliveries >= 0),
    dead_reason text,
    buried_at   timestamptz CHECK ((buried_at IS NULL) = (dead_reason IS NULL))
);

-- Those that could not be logged, oldest first: counted often, and few.
CREATE INDEX ping_queue_dead ON ping_queue (buried_at, place) WHERE buried_at IS NOT NULL;

CREATE TABLE task_runs (
    id         uuid        NOT NULL PRIMARY KEY,
    task       text        NOT NULL CHECK (char_length(task) BETWEEN 1 AND 120),
    due        timestamptz NOT NULL,
    attempt    integer     NOT NULL CHECK (attempt >= 1),
    instance   text        NOT NULL,
    started_at timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    ended_at   timestamptz CHECK ((ended_at IS NULL) = (state = 'running')),
    state      text        NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'dead')),
    detail     text        NOT NULL,
    -- One instance runs it, however many try.
    UNIQUE (task, due, attempt)
);

CREATE INDEX task_runs_latest_first ON task_runs (started_at DESC, id DESC);
