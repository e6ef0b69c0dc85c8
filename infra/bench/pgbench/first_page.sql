-- The first 50 entries of a job; one more tells whether there is a next page.
SELECT id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at
  FROM time_entries WHERE related_job = ('01900000-0000-7000-8000-' || :job::text)::uuid
 ORDER BY date_stamp DESC, id DESC LIMIT 51;
