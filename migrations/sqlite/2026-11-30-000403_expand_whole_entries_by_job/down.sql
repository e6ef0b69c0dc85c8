DROP INDEX time_entries_of_job_latest_first;
CREATE INDEX time_entries_of_job_latest_first ON time_entries (related_job, date_stamp DESC, id DESC);
