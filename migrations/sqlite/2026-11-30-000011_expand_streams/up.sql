-- The pings that one token sends without minutes are one stream, whatever their jobs, so that no moment counts twice.
-- Services and workers are stopped before this runs: the release before would go on counting by job, and entries are less
-- than they were until the pings that wait again are logged.
-- The project that it named, if it named one.
ALTER TABLE pings ADD COLUMN project TEXT CHECK (length(project) BETWEEN 1 AND 120);
-- The time before it is nobody's: it was dropped, because its job took none by then.
ALTER TABLE pings ADD COLUMN anew INTEGER NOT NULL DEFAULT 0 CHECK (anew IN (0, 1));

-- Pings of tokens that were for several jobs wait once more, and are counted anew; their entries stay as they are until
-- then. What is closed stays for good: a day that is somebody else's, the days of jobs that take no time, and the oldest day
-- of which there are pings, unless it has just begun: others of it may have been pruned.
UPDATE ping_days SET detached = true
WHERE token_id IN (
        SELECT token_id FROM pings WHERE status = 'logged' AND minutes IS NULL
        GROUP BY token_id HAVING count(DISTINCT related_job) > 1
    )
    AND (
        related_job NOT IN (SELECT id FROM jobs WHERE status = 'open')
        OR (
            day < date('now', '-1 day')
            AND day = (
                SELECT min(day) FROM pings
                WHERE pings.token_id = ping_days.token_id AND status = 'logged' AND minutes IS NULL
            )
        )
    );

-- An entry whose minutes, day and job are still those that were derived is not somebody else's, though they wrote a summary:
-- that stays, later than all pings.
UPDATE ping_days SET
    entry_version = entries.version,
    summary = CASE WHEN entries.work_summary = coalesce(ping_days.summary, '') THEN ping_days.summary ELSE entries.work_summary END,
    summary_at = CASE WHEN entries.work_summary = coalesce(ping_days.summary, '') THEN ping_days.summary_at
        ELSE 253402300799999999 END,
    summary_ping = CASE WHEN entries.work_summary = coalesce(ping_days.summary, '') THEN ping_days.summary_ping
        ELSE x'ffffffffffffffffffffffffffffffff' END
FROM time_entries AS entries
WHERE NOT ping_days.detached
    AND entries.related_job = ping_days.related_job AND entries.date_stamp = ping_days.day
    AND entries.minutes_worked = min(ping_days.micros / 60000000, 1440)
    AND entries.version > ping_days.entry_version
    AND entries.created_at <= ping_days.entry_version
    -- Its id is one that is derived.
    AND substr(hex(entries.id), 13, 1) = '5'
    -- And no other's that was written then; nor is the day's own as it was.
    AND entries.version NOT IN (
        SELECT others.entry_version FROM ping_days AS others
        WHERE others.related_job = ping_days.related_job AND others.day = ping_days.day
            AND others.entry_version IS NOT NULL
    )
    AND ping_days.entry_version NOT IN (
        SELECT others.version FROM time_entries AS others
        WHERE others.related_job = ping_days.related_job AND others.date_stamp = ping_days.day
            AND others.minutes_worked = min(ping_days.micros / 60000000, 1440)
    )
    AND ping_days.token_id IN (
        SELECT token_id FROM pings WHERE status = 'logged' AND minutes IS NULL
        GROUP BY token_id HAVING count(DISTINCT related_job) > 1
    );

CREATE TEMPORARY TABLE pings_again AS
SELECT pings.id FROM pings JOIN jobs ON jobs.id = pings.related_job
WHERE jobs.status = 'open' AND pings.status = 'logged' AND pings.minutes IS NULL
    AND pings.token_id IN (
        SELECT token_id FROM pings WHERE status = 'logged' AND minutes IS NULL
        GROUP BY token_id HAVING count(DISTINCT related_job) > 1
    )
    AND NOT EXISTS (
        SELECT 1 FROM ping_days AS days
        WHERE days.related_job = pings.related_job AND days.token_id = pings.token_id AND days.day = pings.day
            AND days.detached
    );

INSERT INTO ping_queue (ping, received_at)
SELECT
    json_patch('{}', json_object(
        'v', 1, 'id', lower(hex(pings.id)), 'tok', lower(hex(pings.token_id)), 'sub', tokens.subject,
        'job', lower(hex(pings.related_job)), 'tz', tokens.capture_zone, 'gap', tokens.capture_gap,
        'at', pings.at, 'rcv', pings.received_at, 'sum', pings.summary
    )),
    pings.received_at
FROM pings JOIN tokens ON tokens.id = pings.token_id
WHERE pings.id IN (SELECT id FROM pings_again)
ORDER BY pings.at, pings.id;

UPDATE ping_days SET
    micros = 0,
    summary = CASE WHEN summary_at = 253402300799999999 THEN summary END,
    summary_at = CASE WHEN summary_at = 253402300799999999 THEN summary_at END,
    summary_ping = CASE WHEN summary_at = 253402300799999999 THEN summary_ping END
WHERE (related_job, token_id, day) IN (
    SELECT related_job, token_id, day FROM pings WHERE id IN (SELECT id FROM pings_again)
);

DELETE FROM pings WHERE id IN (SELECT id FROM pings_again);

DROP TABLE pings_again;
