-- The projects without a job that pings of a token named on its present day, one row each: their number is bounded.
CREATE TABLE capture_new_projects (
    token_id BLOB NOT NULL CHECK (length(token_id) = 16),
    day      TEXT NOT NULL CHECK (day IS date(day) AND day >= '0001-01-01'),
    project  TEXT NOT NULL CHECK (length(project) BETWEEN 1 AND 120),
    PRIMARY KEY (token_id, day, project)
) STRICT, WITHOUT ROWID;
