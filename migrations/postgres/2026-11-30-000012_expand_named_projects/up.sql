-- A ping that means its token's last project looks for that here.
CREATE INDEX CONCURRENTLY IF NOT EXISTS pings_that_name_projects ON pings (token_id, at, id)
    WHERE status = 'logged' AND project IS NOT NULL;
