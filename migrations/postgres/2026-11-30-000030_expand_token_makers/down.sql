DROP INDEX tokens_of_job;
DROP INDEX tokens_capturing;
DROP INDEX tokens_oldest_first;
DROP INDEX tokens_made_by;
ALTER TABLE tokens DROP COLUMN made_by;
