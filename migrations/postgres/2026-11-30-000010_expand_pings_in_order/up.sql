-- A token's pings that count and have no minutes, in order: each one's neighbours are found here, whatever their jobs.
CREATE INDEX CONCURRENTLY IF NOT EXISTS pings_in_order ON pings (token_id, at, id)
    WHERE status = 'logged' AND minutes IS NULL;
