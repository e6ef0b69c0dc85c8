-- Log time under a fresh Idempotency-Key, whose outcome is stored with the entry.
\set day random(0, 364)
\set n :n + 1
\set client 1000000 + :client_id
WITH job AS (
    UPDATE jobs SET total_minutes = total_minutes + 30, version = version + 1, updated_at = now()
     WHERE id = ('01900000-0000-7000-8000-' || :job::text)::uuid AND status = 'open'
    RETURNING id
), key AS (
    INSERT INTO idempotency_keys (token_id, key, fingerprint, outcome, created_at)
    SELECT '01900000-0000-7000-8000-000000000000', :run::text || '-' || :n::text || '-' || :client::text,
           '\x0000000000000000000000000000000000000000000000000000000000000000', :outcome::text, now()
      FROM job
)
INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
SELECT (:run::text || '7' || :n::text || :client::text)::uuid, id, 30, DATE '2026-01-01' + :day::int,
       'reviewed the quarterly figures', 'pgbench', 0, now(), now()
  FROM job
RETURNING id, related_job, created_at;
