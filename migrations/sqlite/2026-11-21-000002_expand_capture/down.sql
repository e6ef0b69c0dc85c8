DROP TABLE task_runs;
DROP TABLE ping_queue;
DROP TABLE ping_days;
DROP TABLE pings;
DROP TABLE capture_projects;
-- Without their columns they would be tokens that capture nothing.
DELETE FROM tokens WHERE capture_target IS NOT NULL;
-- Its checks name the others, so it goes first.
ALTER TABLE tokens DROP COLUMN last_used_at;
ALTER TABLE tokens DROP COLUMN capture_gap;
ALTER TABLE tokens DROP COLUMN capture_zone;
ALTER TABLE tokens DROP COLUMN capture_job;
ALTER TABLE tokens DROP COLUMN capture_target;
