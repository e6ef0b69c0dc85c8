-- Timers: what people are doing now, and those that have ended. The time of a timer becomes entries when it ends.
--
-- People are never deleted, so they are no foreign key. A job may be archived or deleted while its timer runs.
CREATE TABLE timers (
    id           uuid        NOT NULL PRIMARY KEY,
    person_id    uuid        NOT NULL,
    related_job  uuid        NOT NULL,
    work_summary text        NOT NULL CHECK (char_length(work_summary) <= 4000),
    started_at   timestamptz NOT NULL
        CHECK (started_at >= '0001-01-01 00:00:00+00' AND started_at < '10000-01-01 00:00:00+00'),
    version      bigint      NOT NULL CHECK (version >= 0),
    -- How it ended; while it runs, both are null.
    minutes      integer     CHECK (minutes >= 0),
    entries      integer     CHECK (entries >= 0),
    CHECK ((minutes IS NULL) = (entries IS NULL))
);

-- At most one runs per person.
CREATE UNIQUE INDEX timers_running ON timers (person_id) WHERE minutes IS NULL;
