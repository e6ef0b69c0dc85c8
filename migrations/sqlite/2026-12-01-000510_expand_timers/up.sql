-- Timers: what people are doing now, and those that have ended. The time of a timer becomes entries when it ends.
--
-- People are never deleted, so they are no foreign key. A job may be archived or deleted while its timer runs.
CREATE TABLE timers (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    person_id    BLOB    NOT NULL CHECK (length(person_id) = 16),
    related_job  BLOB    NOT NULL CHECK (length(related_job) = 16),
    work_summary TEXT    NOT NULL CHECK (length(work_summary) <= 4000),
    started_at   INTEGER NOT NULL CHECK (started_at BETWEEN -62135596800000000 AND 253402300799999999),
    version      INTEGER NOT NULL CHECK (version >= 0),
    -- How it ended; while it runs, both are null.
    minutes      INTEGER CHECK (minutes >= 0),
    entries      INTEGER CHECK (entries >= 0),
    CHECK ((minutes IS NULL) = (entries IS NULL))
) STRICT, WITHOUT ROWID;

-- At most one runs per person.
CREATE UNIQUE INDEX timers_running ON timers (person_id) WHERE minutes IS NULL;
