-- A token remembers which one made it, so that revoking that one can take it along. Tokens
-- are never deleted, so it needs no foreign key.
ALTER TABLE tokens ADD COLUMN made_by uuid CHECK (made_by <> id);
CREATE INDEX tokens_made_by ON tokens (made_by) WHERE made_by IS NOT NULL;

-- Pages of tokens start at their place here.
CREATE INDEX tokens_oldest_first ON tokens (created_at, id);
CREATE INDEX tokens_capturing ON tokens (created_at, id) WHERE capture_target IS NOT NULL;
CREATE INDEX tokens_of_job ON tokens (capture_job, created_at, id) WHERE capture_job IS NOT NULL;
