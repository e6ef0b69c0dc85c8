DROP TABLE contract_migrations;
DROP TABLE idempotency_keys;
DROP TABLE tokens;
DROP TABLE time_entries;
DROP TABLE jobs;
