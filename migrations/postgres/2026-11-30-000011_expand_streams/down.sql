CREATE INDEX pings_of_stream ON pings (related_job, token_id, at) WHERE status = 'logged' AND minutes IS NULL;
DROP INDEX pings_that_name_projects;
ALTER TABLE pings DROP COLUMN anew, DROP COLUMN project;
