-- A batch of 100 entries on 100 jobs, as one statement. pgbench can't send arrays, so the server makes the rows, which
-- spares pgbench their transfer. Jobs are locked in id order, or two batches would deadlock.
\set n :n + 100
\set client 1000000 + :client_id
WITH input AS MATERIALIZED (
    SELECT (:run::text || '7' || (:n::bigint - i)::text || :client::text)::uuid AS id,
           ('01900000-0000-7000-8000-' || (100000000001 + (:job::bigint - 100000000001 + i * 7) % :jobs::bigint)::text)::uuid AS job,
           DATE '2026-01-01' + 3 * i AS day
      FROM generate_series(0, 99) AS i
), locked AS MATERIALIZED (
    SELECT id FROM jobs WHERE id IN (SELECT job FROM input) AND status = 'open' ORDER BY id FOR NO KEY UPDATE
), updated AS (
    UPDATE jobs SET total_minutes = total_minutes + added.minutes, version = version + 1, updated_at = now()
      FROM (SELECT job, 30 * count(*) AS minutes FROM input JOIN locked ON locked.id = job GROUP BY job) AS added
     WHERE jobs.id = added.job
    RETURNING jobs.id
)
INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
SELECT input.id, job, 30, day, 'reviewed the quarterly figures', 'pgbench', 0, now(), now()
  FROM input JOIN updated ON updated.id = job
RETURNING id, related_job, created_at;
