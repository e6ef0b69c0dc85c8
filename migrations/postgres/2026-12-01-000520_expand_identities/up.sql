-- Who people are at OpenID providers. Both parts are what the provider says, to the letter.
CREATE TABLE identities (
    issuer    text        NOT NULL CHECK (char_length(issuer) BETWEEN 1 AND 255),
    subject   text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    person_id uuid        NOT NULL REFERENCES people (id),
    linked_at timestamptz NOT NULL
        CHECK (linked_at >= '0001-01-01 00:00:00+00' AND linked_at < '10000-01-01 00:00:00+00'),
    PRIMARY KEY (issuer, subject)
);

-- The SHA-256 of keys that work once, until nobody would take them anyway.
CREATE TABLE used_keys (
    key_hash   bytea       NOT NULL PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    used_until timestamptz NOT NULL
        CHECK (used_until >= '0001-01-01 00:00:00+00' AND used_until < '10000-01-01 00:00:00+00')
);

-- Old ones are deleted with each new one.
CREATE INDEX used_keys_oldest_first ON used_keys (used_until);
