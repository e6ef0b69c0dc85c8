-- The pings that one token sends without minutes are one stream, whatever their jobs, so that no moment counts twice.
ALTER TABLE pings
    -- The project that it named, if it named one.
    ADD COLUMN project text CHECK (char_length(project) BETWEEN 1 AND 120),
    -- The time before it is nobody's: it was dropped, because its job took none by then.
    ADD COLUMN anew boolean NOT NULL DEFAULT false;

-- A ping that means its token's last project looks for that here.
CREATE INDEX pings_that_name_projects ON pings (token_id, at, id) WHERE status = 'logged' AND project IS NOT NULL;

DROP INDEX pings_of_stream;

-- Pings of tokens that were for several jobs wait once more, and are counted anew. Until then their entries stay as they
-- are. What is closed (a job that takes no time, a day that is somebody else's) stays for good.
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
    UPDATE ping_days AS days SET micros = 0, summary = NULL, summary_at = NULL, summary_ping = NULL
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
