-- The projects without a job that pings of a token named on its present day, one row each: their number is bounded.
CREATE TABLE capture_new_projects (
    token_id uuid NOT NULL,
    day      date NOT NULL CHECK (day BETWEEN '0001-01-01' AND '9999-12-31'),
    project  text NOT NULL CHECK (char_length(project) BETWEEN 1 AND 120),
    PRIMARY KEY (token_id, day, project)
);
