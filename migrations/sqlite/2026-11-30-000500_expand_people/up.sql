-- People: those who sign in. Their sessions and invitations are tokens, like everything else by which they act.
CREATE TABLE people (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle         TEXT    NOT NULL CHECK (length(handle) BETWEEN 1 AND 64),
    -- The domain's folding of the handle: no two people have the same.
    handle_folded  TEXT    NOT NULL UNIQUE CHECK (length(handle_folded) >= 1),
    name           TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    email          TEXT    CHECK (length(email) BETWEEN 3 AND 254),
    role           TEXT    NOT NULL CHECK (role IN ('viewer', 'member', 'manager', 'admin')),
    status         TEXT    NOT NULL CHECK (status IN ('active', 'deactivated')),
    time_zone      TEXT    NOT NULL CHECK (length(time_zone) >= 1),
    week_starts_on TEXT    NOT NULL CHECK (
        week_starts_on IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    ),
    -- In the PHC string format.
    password_hash  TEXT    CHECK (length(password_hash) >= 1),
    version        INTEGER NOT NULL CHECK (version >= 0),
    created_at     INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800000000 AND 253402300799999999),
    updated_at     INTEGER NOT NULL CHECK (updated_at BETWEEN -62135596800000000 AND 253402300799999999)
) STRICT, WITHOUT ROWID;

-- Pages of people start at their place here.
CREATE INDEX people_oldest_first ON people (created_at, id);

-- What a token is for, and whose it is. The release before goes on inserting rows without these columns: a token without
-- a kind is for pings if it captures, else for the API. People are never deleted, so there is no foreign key.
ALTER TABLE tokens ADD COLUMN kind TEXT
    CHECK (kind IS NULL OR kind IN ('session', 'invitation') AND capture_target IS NULL);
ALTER TABLE tokens ADD COLUMN person_id BLOB CHECK (length(person_id) = 16);

-- Pages of tokens start at their place here, whatever they are of.
CREATE INDEX tokens_of_person ON tokens (person_id, created_at, id) WHERE person_id IS NOT NULL;
CREATE INDEX tokens_of_kind ON tokens (created_at, id) WHERE kind IS NOT NULL;
CREATE INDEX tokens_for_api ON tokens (created_at, id) WHERE kind IS NULL AND capture_target IS NULL;
CREATE INDEX tokens_capturing_for ON tokens (subject, created_at, id) WHERE capture_target IS NOT NULL;

-- Sessions and invitations are deleted some time after their end, which is the earlier of both moments.
CREATE INDEX tokens_ended ON tokens (coalesce(min(revoked_at, expires_at), revoked_at, expires_at)) WHERE kind IS NOT NULL;
