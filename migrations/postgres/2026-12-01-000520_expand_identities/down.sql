DROP TABLE used_keys;
DROP TABLE identities;
