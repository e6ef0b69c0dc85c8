-- People: those who sign in. Their sessions and invitations are tokens, like everything else by which they act.
CREATE TABLE people (
    id             uuid        NOT NULL PRIMARY KEY,
    handle         text        NOT NULL CHECK (char_length(handle) BETWEEN 1 AND 64),
    -- The domain's folding of the handle: no two people have the same.
    handle_folded  text        NOT NULL UNIQUE CHECK (char_length(handle_folded) >= 1),
    name           text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    email          text        CHECK (char_length(email) BETWEEN 3 AND 254),
    role           text        NOT NULL CHECK (role IN ('viewer', 'member', 'manager', 'admin')),
    status         text        NOT NULL CHECK (status IN ('active', 'deactivated')),
    time_zone      text        NOT NULL CHECK (char_length(time_zone) >= 1),
    week_starts_on text        NOT NULL CHECK (
        week_starts_on IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    ),
    -- In the PHC string format.
    password_hash  text        CHECK (char_length(password_hash) >= 1),
    version        bigint      NOT NULL CHECK (version >= 0),
    created_at     timestamptz NOT NULL
        CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
    updated_at     timestamptz NOT NULL
        CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00')
);

-- Pages of people start at their place here.
CREATE INDEX people_oldest_first ON people (created_at, id);

-- What a token is for, and whose it is. The release before goes on inserting rows without these columns: a token without
-- a kind is for pings if it captures, else for the API. People are never deleted, so there is no foreign key.
ALTER TABLE tokens
    ADD COLUMN kind text CHECK (kind IS NULL OR kind IN ('session', 'invitation') AND capture_target IS NULL),
    ADD COLUMN person_id uuid;

-- Pages of tokens start at their place here, whatever they are of.
CREATE INDEX tokens_of_person ON tokens (person_id, created_at, id) WHERE person_id IS NOT NULL;
CREATE INDEX tokens_of_kind ON tokens (created_at, id) WHERE kind IS NOT NULL;
CREATE INDEX tokens_for_api ON tokens (created_at, id) WHERE kind IS NULL AND capture_target IS NULL;
CREATE INDEX tokens_capturing_for ON tokens (subject, created_at, id) WHERE capture_target IS NOT NULL;

-- Sessions and invitations are deleted some time after their end.
CREATE INDEX tokens_ended ON tokens (least(revoked_at, expires_at)) WHERE kind IS NOT NULL;
