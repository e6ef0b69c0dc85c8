DROP TABLE task_runs;
DROP TABLE ping_queue;
DROP TABLE ping_days;
DROP TABLE pings;
DROP TABLE capture_projects;
-- Without their columns they would be tokens that capture nothing.
DELETE FROM tokens WHERE capture_target IS NOT NULL;
ALTER TABLE tokens
    DROP CONSTRAINT tokens_capture_check,
    DROP COLUMN last_used_at,
    DROP COLUMN capture_gap,
    DROP COLUMN capture_zone,
    DROP COLUMN capture_job,
    DROP COLUMN capture_target;
