-- The pings that one token sends without minutes are one stream, whatever their jobs, so that no moment counts twice.
-- Services and workers are stopped before this runs: the release before would go on counting by job, and entries are less
-- than they were until the pings that wait again are logged.
ALTER TABLE pings
    -- The project that it named, if it named one.
    ADD COLUMN project text CHECK (char_length(project) BETWEEN 1 AND 120),
    -- The time before it is nobody's: it was dropped, because its job took none by then.
    ADD COLUMN anew boolean NOT NULL DEFAULT false;

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
            day < current_date - 1
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
        ELSE '9999-12-31 23:59:59.999999+00'::timestamptz END,
    summary_ping = CASE WHEN entries.work_summary = coalesce(ping_days.summary, '') THEN ping_days.summary_ping
        ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid END
FROM time_entries AS entries
WHERE NOT ping_days.detached
    AND entries.related_job = ping_days.related_job AND entries.date_stamp = ping_days.day
    AND entries.minutes_worked = least(ping_days.micros / 60000000, 1440)
    AND entries.version > ping_days.entry_version
    AND (extract(epoch FROM entries.created_at) * 1000000)::bigint <= ping_days.entry_version
    -- Its id is one that is derived.
    AND substr(entries.id::text, 15, 1) = '5'
    -- And no other's that was written then; nor is the day's own as it was.
    AND entries.version NOT IN (
        SELECT others.entry_version FROM ping_days AS others
        WHERE others.related_job = ping_days.related_job AND others.day = ping_days.day
            AND others.entry_version IS NOT NULL
    )
    AND ping_days.entry_version NOT IN (
        SELECT others.version FROM time_entries AS others
        WHERE others.related_job = ping_days.related_job AND others.date_stamp = ping_days.day
            AND others.minutes_worked = least(ping_days.micros / 60000000, 1440)
    )
    AND ping_days.token_id IN (
        SELECT token_id FROM pings WHERE status = 'logged' AND minutes IS NULL
        GROUP BY token_id HAVING count(DISTINCT related_job) > 1
    );

WITH several AS (
    SELECT token_id FROM pings WHERE status = 'logged' AND minutes IS NULL
    GROUP BY token_id HAVING count(DISTINCT related_job) > 1
), again AS (
    DELETE FROM pings USING jobs
    WHERE jobs.id = pings.related_job AND jobs.status = 'open'
        AND pings.status = 'logged' AND pings.minutes IS NULL AND pings.token_id IN (SELECT token_id FROM several)
        AND NOT EXISTS (
            SELECT 1 FROM ping_days AS days
            WHERE days.related_job = pings.related_job AND days.token_id = pings.token_id AND days.day = pings.day
                AND days.detached
        )
    RETURNING pings.id, pings.token_id, pings.related_job, pings.at, pings.received_at, pings.summary, pings.day
), emptied AS (
    UPDATE ping_days AS days SET
        micros = 0,
        summary = CASE WHEN days.summary_at = '9999-12-31 23:59:59.999999+00' THEN days.summary END,
        summary_at = CASE WHEN days.summary_at = '9999-12-31 23:59:59.999999+00' THEN days.summary_at END,
        summary_ping = CASE WHEN days.summary_at = '9999-12-31 23:59:59.999999+00' THEN days.summary_ping END
    FROM (SELECT DISTINCT related_job, token_id, day FROM again) AS again
    WHERE days.related_job = again.related_job AND days.token_id = again.token_id AND days.day = again.day
)
INSERT INTO ping_queue (ping, received_at)
SELECT
    json_strip_nulls(json_build_object(
        'v', 1, 'id', again.id, 'tok', again.token_id, 'sub', tokens.subject, 'job', again.related_job,
        'tz', tokens.capture_zone, 'gap', tokens.capture_gap,
        'at', (extract(epoch FROM again.at) * 1000000)::bigint,
        'rcv', (extract(epoch FROM again.received_at) * 1000000)::bigint, 'sum', again.summary
    ))::text,
    again.received_at
FROM again JOIN tokens ON tokens.id = again.token_id
ORDER BY again.at, again.id;
