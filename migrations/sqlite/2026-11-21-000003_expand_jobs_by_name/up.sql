-- Pings that name a project look for the open job of that name.
CREATE INDEX jobs_open_by_name ON jobs (name, created_at, id) WHERE status = 'open';
