//! The migrations, and the rules that the schema enforces when the domain is bypassed.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_query;
use diesel::sql_types::{Bool, Text};
use stint_adapters::migrations::SchemaState;
use stint_adapters::sqlite::Sqlite;
use stint_domain::access::TokenKind;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::ListTokens;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository};
use stint_domain::{HealthCheck, NotReady};
use tempfile::TempDir;

use super::{bare, database, job, record, settings};

pub(super) const MIGRATIONS: &[&str] = &[
    "2026-11-21-000001_expand_ledger",
    "2026-11-21-000002_expand_capture",
    "2026-11-21-000003_expand_jobs_by_name",
    "2026-11-30-000010_expand_pings_in_order",
    "2026-11-30-000011_expand_streams",
    "2026-11-30-000012_expand_named_projects",
    "2026-11-30-000030_expand_token_makers",
    "2026-11-30-000401_expand_free_pings",
    "2026-11-30-000402_expand_new_projects",
    "2026-11-30-000403_expand_whole_entries_by_job",
    "2026-11-30-000500_expand_people",
    "2026-12-01-000510_expand_timers",
    "2026-12-01-000520_expand_identities",
];

/// Everything that the migrations made.
fn schema(folder: &TempDir) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Object {
        #[diesel(sql_type = Text)]
        text: String,
    }
    // SQLite makes its own table for sequences, and never drops it.
    let query = "SELECT concat_ws(' ', type, name, sql) AS text FROM sqlite_schema
                 WHERE tbl_name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence') ORDER BY text";
    let objects: Vec<Object> = sql_query(query).load(&mut bare(folder)).unwrap();
    objects.into_iter().map(|Object { text }| text).collect()
}

#[tokio::test]
async fn migrations_go_up_and_down_and_up_to_the_same_schema() {
    let (sqlite, folder) = database().await;
    let migrator = sqlite.migrator();
    let first = schema(&folder);
    let mut reverted = Vec::new();
    while let Some(name) = migrator.down().await.unwrap() {
        reverted.push(name);
    }
    assert_eq!(schema(&folder), [""; 0]);
    reverted.reverse();
    assert_eq!(migrator.up().await.unwrap(), reverted);
    assert_eq!(schema(&folder), first);
    assert_eq!(migrator.up().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_database_without_the_schema_is_behind_and_one_of_a_newer_contraction_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&settings(&folder)).unwrap();
    let migrator = sqlite.migrator();
    assert!(matches!(sqlite.check().await, Err(NotReady::Behind(names)) if names == MIGRATIONS));
    assert_eq!(schema(&folder), [""; 0], "a check changes nothing");

    migrator.up().await.unwrap();
    sqlite.check().await.unwrap();
    bare(&folder).batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000001')").unwrap();
    sqlite.check().await.unwrap();
    assert_eq!(migrator.check().await.unwrap(), SchemaState { unknown: vec!["20990101000001".to_owned()] });

    bare(&folder).batch_execute("INSERT INTO contract_migrations VALUES ('20990101000001')").unwrap();
    assert!(matches!(sqlite.check().await, Err(NotReady::Ahead(versions)) if versions == ["20990101000001"]));

    bare(&folder).batch_execute("DELETE FROM __diesel_schema_migrations").unwrap();
    assert!(matches!(sqlite.check().await, Err(NotReady::Behind(names)) if names == MIGRATIONS));
}

#[tokio::test]
async fn values_that_the_domain_refuses_are_refused_by_the_schema() {
    let (sqlite, folder) = database().await;
    JobRepository::create(&sqlite, job(1)).await.unwrap();
    sqlite.record(record(2, None)).await.unwrap();
    let mut bare = bare(&folder);
    let ping = "INSERT INTO pings (id, token_id, at, received_at, day, status, logged_at)
        VALUES (zeroblob(16), zeroblob(16), 0, 0, '2026-01-02', 'retracted', 0)";
    bare.batch_execute(ping).unwrap();
    bare.batch_execute("INSERT INTO capture_new_projects VALUES (zeroblob(16), '2026-01-02', 'stint')").unwrap();
    bare.batch_execute(ADA).unwrap();
    bare.batch_execute(TIMER).unwrap();
    bare.batch_execute(TOKENS).unwrap();
    bare.batch_execute(IDENTITY).unwrap();
    for assignment in [
        "jobs SET id = x'01'",
        "jobs SET name = ''",
        "jobs SET name = printf('%.*c', 121, 'x')",
        "jobs SET status = 'paused'",
        "jobs SET total_minutes = -1",
        "jobs SET total_minutes = 9007199254740992",
        "jobs SET version = -1",
        "jobs SET created_at = 253402300800000000",
        "jobs SET updated_at = -62135596800000001",
        "time_entries SET id = zeroblob(17)",
        "time_entries SET minutes_worked = 0",
        "time_entries SET minutes_worked = 1441",
        "time_entries SET date_stamp = '2026-02-30'",
        "time_entries SET date_stamp = '2026-1-2'",
        "time_entries SET date_stamp = '0000-12-31'",
        "time_entries SET date_stamp = ''",
        "time_entries SET work_summary = printf('%.*c', 4001, 'x')",
        "time_entries SET created_by = ''",
        "people SET id = x'01'",
        "people SET handle = ''",
        "people SET handle = printf('%.*c', 65, 'x')",
        "people SET handle_folded = ''",
        "people SET name = ''",
        "people SET name = printf('%.*c', 121, 'x')",
        "people SET email = 'a@'",
        "people SET email = printf('%.*c', 255, 'x')",
        "people SET role = 'owner'",
        "people SET status = 'gone'",
        "people SET time_zone = ''",
        "people SET week_starts_on = 'someday'",
        "people SET password_hash = ''",
        "people SET version = -1",
        "people SET created_at = 253402300800000000",
        "people SET updated_at = -62135596800000001",
        "identities SET issuer = ''",
        "identities SET issuer = printf('%.*c', 256, 'x')",
        "identities SET subject = ''",
        "identities SET subject = printf('%.*c', 256, 'x')",
        "identities SET linked_at = 253402300800000000",
        "used_keys SET key_hash = x'01'",
        "used_keys SET used_until = -62135596800000001",
        "timers SET id = x'01'",
        "timers SET person_id = x'01'",
        "timers SET related_job = x'01'",
        "timers SET work_summary = printf('%.*c', 4001, 'x')",
        "timers SET started_at = 253402300800000000",
        "timers SET version = -1",
        "timers SET minutes = -1, entries = 0",
        "timers SET minutes = 0, entries = -1",
        "timers SET minutes = 1",
        "timers SET entries = 1",
        "tokens SET kind = 'api'",
        "tokens SET kind = 'session'",
        "tokens SET person_id = x'01'",
        "pings SET project = ''",
        "pings SET anew = 2",
        "capture_new_projects SET token_id = x'01'",
        "capture_new_projects SET day = '2026-02-30'",
        "capture_new_projects SET project = ''",
        "capture_new_projects SET project = printf('%.*c', 121, 'x')",
    ] {
        let result = bare.batch_execute(&format!("UPDATE {assignment}"));
        let refused = matches!(result, Err(Error::DatabaseError(DatabaseErrorKind::CheckViolation, _)));
        assert!(refused, "{assignment}: {result:?}");
    }
    for assignment in ["name = printf('%.*c', 120, 'ß')", "total_minutes = 9007199254740991"] {
        bare.batch_execute(&format!("UPDATE jobs SET {assignment}")).unwrap();
    }
}

/// A person.
const ADA: &str = "INSERT INTO people VALUES (
    unhex('0000000000000000000000000000000a'), 'Ada', 'ada', 'Ada', NULL, 'member', 'active', 'UTC', 'monday', NULL,
    0, 0, 0
)";

/// Her identity at a provider, and a key that was used.
const IDENTITY: &str = "
    INSERT INTO identities VALUES ('https://id', '1', unhex('0000000000000000000000000000000a'), 0);
    INSERT INTO used_keys VALUES (zeroblob(32), 0)";

#[tokio::test]
async fn an_identity_belongs_to_one_person_who_exists() {
    let (_sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    bare.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let refused = bare.batch_execute(IDENTITY);
    let nobody = matches!(refused, Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)));
    assert!(nobody, "{refused:?}");
    bare.batch_execute(ADA).unwrap();
    bare.batch_execute(IDENTITY).unwrap();
    let refused = bare.batch_execute(IDENTITY);
    assert!(matches!(refused, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))), "{refused:?}");
}

/// A running timer of that person.
const TIMER: &str = "INSERT INTO timers (id, person_id, related_job, work_summary, started_at, version)
    VALUES (randomblob(16), unhex('0000000000000000000000000000000a'), zeroblob(16), '', 0, 0)";

#[tokio::test]
async fn of_two_running_timers_of_one_person_the_schema_stores_one() {
    let (_sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    bare.batch_execute(TIMER).unwrap();
    let refused = bare.batch_execute(TIMER);
    assert!(matches!(refused, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))), "{refused:?}");
    bare.batch_execute("UPDATE timers SET minutes = 0, entries = 0").unwrap();
    bare.batch_execute(TIMER).unwrap();
}

/// A token for the API and one for pings, as the release before creates them.
const TOKENS: &str = "
    INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
        VALUES (unhex('0000000000000000000000000000000b'), 'ci', 'ci', 'read', zeroblob(32), 0);
    INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_zone, capture_gap)
        VALUES (
            unhex('0000000000000000000000000000000c'), 'ci', 'ci', 'capture', randomblob(32), 0, 'projects', 'UTC', 900
        )";

#[tokio::test]
async fn of_two_people_with_one_handle_the_schema_stores_one() {
    let (_sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    bare.batch_execute(ADA).unwrap();
    let other = ADA.replace("0a'", "0b'");
    let refused = bare.batch_execute(&other);
    assert!(matches!(refused, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))), "{refused:?}");
}

#[tokio::test]
async fn tokens_that_the_release_before_creates_are_for_what_they_were() {
    let (sqlite, folder) = database().await;
    bare(&folder).batch_execute(TOKENS).unwrap();
    for kind in TokenKind::ALL {
        let query = ListTokens { kind: Some(kind), ..ListTokens::default() };
        let listed = TokenRepository::list(&sqlite, query).await.unwrap().items;
        let expected = usize::from(matches!(kind, TokenKind::Api | TokenKind::Capture));
        assert_eq!(listed.len(), expected, "{kind}");
        assert!(listed.iter().all(|token| token.kind == kind && token.person.is_none()), "{listed:?}");
    }
}

/// It would take sessions for tokens, and does not know what a person's role allows.
#[tokio::test]
async fn what_people_act_by_is_of_no_use_to_the_release_before() {
    #[derive(QueryableByName, Debug, PartialEq)]
    struct Left {
        #[diesel(sql_type = Text)]
        subject: String,
        #[diesel(sql_type = Bool)]
        revoked: bool,
    }

    let (sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    bare.batch_execute(TOKENS).unwrap();
    bare.batch_execute(ADA).unwrap();
    let of_ada = "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, person_id, kind)
        SELECT randomblob(16), 'ci', 'Ada', 'admin', randomblob(32), 0, id, kind
        FROM people, (SELECT NULL AS kind UNION SELECT 'session' UNION SELECT 'invitation')";
    bare.batch_execute(of_ada).unwrap();
    let migrator = sqlite.migrator();
    while migrator.down().await.unwrap().as_deref() != Some("2026-11-30-000500_expand_people") {}
    let left = sql_query("SELECT subject, revoked_at IS NOT NULL AS revoked FROM tokens ORDER BY subject, revoked");
    let left: Vec<Left> = left.load(&mut bare).unwrap();
    let expected = [("Ada", true), ("ci", false), ("ci", false)];
    assert_eq!(left, expected.map(|(subject, revoked)| Left { subject: subject.to_owned(), revoked }));
}

#[tokio::test]
async fn columns_keep_their_types() {
    let (sqlite, folder) = database().await;
    JobRepository::create(&sqlite, job(1)).await.unwrap();
    for assignment in ["total_minutes = 'many'", "created_at = 1.5", "name = x'00'", "name = NULL"] {
        let result = bare(&folder).batch_execute(&format!("UPDATE jobs SET {assignment}"));
        assert!(result.is_err(), "{assignment}");
    }
}

#[tokio::test]
async fn a_job_with_entries_cannot_be_deleted_around_the_adapter() {
    let (sqlite, folder) = database().await;
    JobRepository::create(&sqlite, job(1)).await.unwrap();
    sqlite.record(record(2, None)).await.unwrap();
    let result = bare(&folder).batch_execute("PRAGMA foreign_keys = ON; DELETE FROM jobs");
    assert_eq!(result.unwrap_err().to_string(), "FOREIGN KEY constraint failed");
}
