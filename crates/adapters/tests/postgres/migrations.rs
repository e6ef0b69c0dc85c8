//! Running and reverting migrations, and checking whether the schema fits.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use stint_domain::{HealthCheck, NotReady};

use super::*;

use crate::given;

/// Everything in the schema that can affect a statement, one line each.
fn schema(database: &TestDatabase) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let sql = "
        SELECT format('column %s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT format('options %s %s', relname, reloptions) FROM pg_class WHERE reloptions IS NOT NULL
            AND relnamespace = 'public'::regnamespace
        ORDER BY line";
    let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection(database)).unwrap();
    lines.into_iter().map(|line| line.line).filter(|line| !line.contains("__diesel_schema_migrations")).collect()
}

fn unmigrated() -> (Postgres, TestDatabase) {
    let database = TestDatabase::empty();
    (Postgres::unconnected(&given::postgres(database.url())), database)
}

#[tokio::test]
async fn every_migration_goes_up_and_down_and_up_again_to_the_same_schema() {
    let (postgres, database) = unmigrated();
    let migrator = postgres.migrator();
    let names = migrator.up().await.unwrap();
    assert_eq!(names, directories("postgres").into_iter().collect::<Vec<_>>());
    let first = schema(&database);
    assert!(!first.is_empty());
    let mut reverted = Vec::new();
    while let Some(name) = migrator.down().await.unwrap() {
        reverted.insert(0, name);
    }
    assert_eq!(reverted, names);
    assert_eq!(schema(&database), [""; 0]);
    migrator.up().await.unwrap();
    assert_eq!(schema(&database), first);
    assert_eq!(migrator.up().await.unwrap(), [""; 0], "nothing is left to run");
}

#[tokio::test]
async fn a_database_without_the_schema_is_behind_and_looking_changes_nothing() {
    let (postgres, database) = unmigrated();
    let statuses = postgres.migrator().status().await.unwrap();
    assert!(!statuses.is_empty() && statuses.iter().all(|status| status.embedded && !status.applied));
    let checked = HealthCheck::check(&postgres).await;
    assert!(matches!(&checked, Err(NotReady::Behind(names)) if names.len() == statuses.len()), "{checked:?}");
    assert_eq!(schema(&database), [""; 0]);
    assert_eq!(
        number(&mut connection(&database), "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'"),
        0
    );
    postgres.migrator().up().await.unwrap();
    HealthCheck::check(&postgres).await.unwrap();
}

#[tokio::test]
async fn a_newer_releases_expansion_is_a_warning_and_its_contraction_a_stop() {
    let (postgres, database) = postgres().await;
    let migrator = postgres.migrator();
    let mut connection = connection(&database);
    connection.batch_execute("INSERT INTO __diesel_schema_migrations VALUES ('29991231000001')").unwrap();
    assert_eq!(migrator.check().await.unwrap().unknown, ["29991231000001"]);
    HealthCheck::check(&postgres).await.unwrap();
    connection.batch_execute("INSERT INTO contract_migrations VALUES ('29991231000001')").unwrap();
    let checked = HealthCheck::check(&postgres).await;
    assert!(matches!(&checked, Err(NotReady::Ahead(names)) if names == &["29991231000001"]), "{checked:?}");
    let newest = migrator.status().await.unwrap().pop().unwrap();
    assert_eq!((newest.name.as_str(), newest.applied, newest.embedded), ("29991231000001", true, false));
    let refused = migrator.down().await.unwrap_err();
    assert!(refused.source.to_string().contains("29991231000001 belongs to a newer release"), "{}", refused.source);
}

#[tokio::test]
async fn of_migrators_that_race_each_migration_is_run_by_one() {
    let database = TestDatabase::empty();
    let runs = (0..4).map(|_| {
        let postgres = Postgres::unconnected(&given::postgres(database.url()));
        tokio::spawn(async move { postgres.migrator().up().await.unwrap() })
    });
    let mut names = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        names.extend(run.await.unwrap());
    }
    assert_eq!(names, directories("postgres").into_iter().collect::<Vec<_>>());
}

/// If the waiting migrator kept a snapshot, the other one would wait for it: a deadlock, and an index that is left
/// invalid.
#[tokio::test]
async fn a_migrator_that_waits_does_not_stop_an_index_from_being_built_concurrently() {
    let (postgres, database) = postgres().await;
    let mut first = connection(&database);
    first.batch_execute("SELECT pg_advisory_lock(7310867221)").unwrap();
    let migrator = postgres.migrator();
    let second = tokio::spawn(async move { migrator.up().await });
    let asks = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'stint' AND query LIKE '%advisory_lock%'";
    until(&mut connection(&database), asks).await;
    first.batch_execute("CREATE INDEX CONCURRENTLY jobs_by_name ON jobs (name)").unwrap();
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
}

/// It would take sessions for tokens, and does not know what a person's role allows.
#[tokio::test]
async fn what_people_act_by_is_of_no_use_to_the_release_before() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    connection
        .batch_execute(
            "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, person_id, kind)
                SELECT gen_random_uuid(), 'ci', subject, 'admin', sha256(gen_random_uuid()::text::bytea), now(), person,
                    kind
                FROM (VALUES
                    ('ci', NULL, NULL), ('ada', gen_random_uuid(), NULL), ('ada', gen_random_uuid(), 'session'),
                    ('ada', gen_random_uuid(), 'invitation')
                ) AS new (subject, person, kind)",
        )
        .unwrap();
    let migrator = postgres.migrator();
    while migrator.down().await.unwrap().as_deref() != Some("2026-11-30-000500_expand_people") {}
    let tokens = |which| format!("SELECT count(*) AS n FROM tokens WHERE {which}");
    assert_eq!(number(&mut connection, &tokens("true")), 2);
    assert_eq!(number(&mut connection, &tokens("subject = 'ada' AND revoked_at IS NOT NULL")), 1);
    assert_eq!(number(&mut connection, &tokens("subject = 'ci' AND revoked_at IS NULL")), 1);
}

fn folder(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(dialect)
}

fn directories(dialect: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(dialect)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect()
}

#[test]
fn both_dialects_have_the_same_migrations_each_with_its_way_back() {
    assert_eq!(directories("postgres"), directories("sqlite"));
    for dialect in ["postgres", "sqlite"] {
        for name in directories(dialect) {
            assert!(folder(dialect).join(&name).join("down.sql").exists(), "{dialect}/{name} has no down.sql");
            assert!(name.contains("_expand_") || name.contains("_contract_"), "{name} does not say what it is");
        }
    }
}

#[test]
fn every_contraction_registers_itself() {
    for dialect in ["postgres", "sqlite"] {
        for name in directories(dialect) {
            let sql = |file| fs::read_to_string(folder(dialect).join(&name).join(file)).unwrap();
            assert!(is_registered(&name, &sql("up.sql"), &sql("down.sql")), "{dialect}/{name}");
        }
    }
    let name = "2026-12-24-000002_contract_ledger";
    let (up, down) = (
        "INSERT INTO contract_migrations (version) VALUES ('20261224000002');",
        "DELETE FROM contract_migrations WHERE version = '20261224000002';",
    );
    assert!(is_registered(name, up, down));
    assert!(!is_registered(name, "", down) && !is_registered(name, up, ""));
    assert!(!is_registered(name, &up.replace("000002", "000003"), down));
    assert!(is_registered("2026-12-24-000002_expand_ledger", "", ""));
}

/// Whether a migration, if it is a contraction, inserts its version into `contract_migrations` and deletes it again.
fn is_registered(name: &str, up: &str, down: &str) -> bool {
    let version = name.split('_').next().unwrap().replace('-', "");
    let registers = up.contains(&format!("INSERT INTO contract_migrations (version) VALUES ('{version}')"));
    let unregisters = down.contains(&format!("DELETE FROM contract_migrations WHERE version = '{version}'"));
    !name.contains("_contract_") || (registers && unregisters)
}
