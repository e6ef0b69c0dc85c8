-- Read one job by id.
SELECT id, name, status, total_minutes, version, created_at, updated_at
  FROM jobs WHERE id = ('01900000-0000-7000-8000-' || :job::text)::uuid;
