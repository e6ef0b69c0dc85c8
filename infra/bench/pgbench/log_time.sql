-- Log time. Ids are UUIDv7, as the service's are: the run's start, a counter, the client.
\set day random(0, 364)
\set n :n + 1
\set client 1000000 + :client_id
WITH job AS (
    UPDATE jobs SET total_minutes = total_minutes + 30, version = version + 1, updated_at = now()
     WHERE id = ('01900000-0000-7000-8000-' || :job::text)::uuid AND status = 'open'
    RETURNING id
)
INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
SELECT (:run::text || '7' || :n::text || :client::text)::uuid, id, 30, DATE '2026-01-01' + :day::int,
       'reviewed the quarterly figures', 'pgbench', 0, now(), now()
  FROM job
RETURNING id, related_job, created_at;
