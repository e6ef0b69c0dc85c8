-- Pings that name a project look for the open jobs of that name. It is a hash index because that serves nothing else: a
-- b-tree looks to a plan for an almost empty ledger as good as the primary key for finding a job that is open, and is read whole.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_open_by_name ON jobs USING hash (name) WHERE status = 'open';
