-- The entries of a job, whole: their rows lie apart in the table, because they were written at different times, so a page
-- of them was read from as many pages of the file as it has entries. An index on the same columns, in the same order, has
-- nothing that this one has not.
DROP INDEX time_entries_of_job_latest_first;
CREATE INDEX time_entries_of_job_latest_first ON time_entries (
    related_job, date_stamp DESC, id DESC,
    minutes_worked, work_summary, created_by, version, created_at, updated_at
);
