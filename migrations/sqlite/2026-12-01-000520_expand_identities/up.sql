-- Who people are at OpenID providers. Both parts are what the provider says, to the letter.
CREATE TABLE identities (
    issuer    TEXT    NOT NULL CHECK (length(issuer) BETWEEN 1 AND 255),
    subject   TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    person_id BLOB    NOT NULL REFERENCES people (id),
    linked_at INTEGER NOT NULL CHECK (linked_at BETWEEN -62135596800000000 AND 253402300799999999),
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- The SHA-256 of keys that work once, until nobody would take them anyway.
CREATE TABLE used_keys (
    key_hash   BLOB    NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    used_until INTEGER NOT NULL CHECK (used_until BETWEEN -62135596800000000 AND 253402300799999999)
) STRICT, WITHOUT ROWID;

-- Old ones are deleted with each new one.
CREATE INDEX used_keys_oldest_first ON used_keys (used_until);
