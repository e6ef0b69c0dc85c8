-- The pings that one token sends without minutes are one stream, whatever their jobs, so that no moment counts twice.
-- The project that it named, if it named one.
ALTER TABLE pings ADD COLUMN project TEXT CHECK (length(project) BETWEEN 1 AND 120);
-- The time before it is nobody's: it was dropped, because its job took none by then.
ALTER TABLE pings ADD COLUMN anew INTEGER NOT NULL DEFAULT 0 CHECK (anew IN (0, 1));

-- A ping that means its token's last project looks for that here.
CREATE INDEX pings_that_name_projects ON pings (token_id, at, id) WHERE status = 'logged' AND project IS NOT NULL;

DROP INDEX pings_of_stream;

-- Pings of tokens that were for several jobs wait once more, and are counted anew. Until then their entries stay as they
-- are. What is closed (a job that takes no time, a day that is somebody else's) stays for good.
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

UPDATE ping_days SET micros = 0, summary = NULL, summary_at = NULL, summary_ping = NULL
WHERE (related_job, token_id, day) IN (
    SELECT related_job, token_id, day FROM pings WHERE id IN (SELECT id FROM pings_again)
);

DELETE FROM pings WHERE id IN (SELECT id FROM pings_again);

DROP TABLE pings_again;
