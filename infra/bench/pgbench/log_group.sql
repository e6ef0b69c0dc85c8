-- A group of 1,000 pings with minutes on random jobs, as one statement: the jobs locked and counted, the entries, the
-- pings. As in log_batch.sql the server makes the rows, which spares pgbench their transfer.
\set n :n + 1000
\set client 1000000 + :client_id
WITH drawn AS MATERIALIZED (
    SELECT (:run::text || '7' || (:n::bigint - 999 + i)::text || :client::text)::uuid AS id,
           (100000000001 + floor(random() * :jobs::bigint))::bigint::text AS number
      FROM generate_series(0, 999) AS i
), ping AS MATERIALIZED (
    SELECT id, ('01900000-0000-7000-8000-' || number)::uuid AS job, ('01900000-0000-7000-9000-' || number)::uuid AS token
      FROM drawn
), locked AS MATERIALIZED (
    SELECT id FROM jobs WHERE id IN (SELECT job FROM ping) AND status = 'open' ORDER BY id FOR NO KEY UPDATE
), updated AS (
    UPDATE jobs SET total_minutes = total_minutes + added.minutes, version = version + 1, updated_at = now()
      FROM (SELECT job, 30 * count(*) AS minutes FROM ping JOIN locked ON locked.id = job GROUP BY job) AS added
     WHERE jobs.id = added.job
    RETURNING jobs.id
), entered AS (
    INSERT INTO time_entries
        (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
    SELECT ping.id, job, 30, current_date, 'reviewed the quarterly figures', 'pgbench', 0, now(), now()
      FROM ping JOIN updated ON updated.id = job
)
INSERT INTO pings (id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at)
SELECT ping.id, token, job, now(), now(), 30, 'reviewed the quarterly figures', current_date, 'logged', NULL, now()
  FROM ping JOIN updated ON updated.id = job;
