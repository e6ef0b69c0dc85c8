//! Servers that stop, crash, become standbys and are promoted: each test has servers of its own.

use diesel::connection::SimpleConnection;
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};

use super::cluster::Cluster;
use super::*;
use crate::given;
use crate::until_ok;

/// The adapter over a database with the schema.
async fn migrated(url: &str) -> Postgres {
    let postgres = Postgres::connect(&given::postgres(url)).await.unwrap();
    postgres.migrator().up().await.unwrap();
    postgres
}

/// A write that the adapter does not send again by itself.
async fn write(postgres: &Postgres) -> Result<(), BackendError> {
    let name = JobName::new("Research").unwrap();
    let command = CreateJob { id: JobId::new(id()), name, status: JobStatus::Open, at: at(0), idempotency: None };
    JobRepository::create(postgres, command).await.map(drop).map_err(|error| match error {
        stint_domain::ledger::ports::job::CreateJobError::Backend(error) => error,
        other => panic!("{other:?}"),
    })
}

/// The first call that loses its connection cannot know whether it was carried out.
fn assert_away(error: &BackendError) {
    assert!(matches!(error.kind, BackendErrorKind::Timeout | BackendErrorKind::Unavailable), "{error:?}");
}

/// The adapter must recover by itself, without a restart.
async fn until_it_writes(postgres: &Postgres) {
    until_ok(async || write(postgres).await).await;
    until_it_is_ready(postgres).await;
}

async fn until_it_is_ready(postgres: &Postgres) {
    until_ok(async || HealthCheck::check(postgres).await).await;
}

async fn until_it_is_not_ready(postgres: &Postgres) -> BackendError {
    until_ok(async || match HealthCheck::check(postgres).await {
        Err(NotReady::Backend(error)) => Ok(error),
        other => Err(other),
    })
    .await
}

#[tokio::test]
async fn a_server_that_became_a_standby_is_not_ready_and_written_again_once_it_is_promoted() {
    let mut server = Cluster::started(&[]);
    let postgres = migrated(&server.url()).await;
    let job = job(&postgres).await;
    for signal in ["INT", "QUIT"] {
        until_it_is_ready(&postgres).await;
        server.stop(signal);
        assert_away(&write(&postgres).await.unwrap_err());
        server.demote();
        server.start(&[]);
        assert_eq!(write(&postgres).await.unwrap_err().kind, BackendErrorKind::Unavailable);
        let reason = until_it_is_not_ready(&postgres).await;
        assert!(reason.source.to_string().ends_with("during recovery"), "{reason:?}");
        assert_eq!(total(&postgres, &job).await, 0, "what only reads goes on");
        server.promote();
        until_it_writes(&postgres).await;
    }
}

/// libpq chooses the first of the hosts that accepts writes.
#[tokio::test]
async fn of_several_hosts_the_one_that_takes_writes_is_found_and_found_again_after_a_failover() {
    let mut primary = Cluster::started(&[]);
    migrated(&primary.url()).await;
    primary.stop("INT");
    let mut standby = primary.standby();
    standby.demote();
    standby.start(&[]);
    primary.start(&[]);
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, primary.port);
    let url = format!("postgres://stint@{hosts}/postgres?target_session_attrs=read-write");
    let postgres = Postgres::connect(&given::postgres(url)).await.unwrap();
    write(&postgres).await.unwrap();
    HealthCheck::check(&postgres).await.unwrap();

    primary.stop("QUIT");
    assert_away(&write(&postgres).await.unwrap_err());
    standby.promote();
    until_it_writes(&postgres).await;
}

#[tokio::test]
async fn a_role_that_may_not_write_or_not_connect_is_not_ready_until_it_may() {
    let server = Cluster::started(&[]);
    migrated(&server.url()).await;
    let mut admin = server.connection();
    let role = "CREATE ROLE app LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app";
    admin.batch_execute(role).unwrap();
    let url = server.url().replace("stint@", "app@");
    let postgres = Postgres::connect(&given::postgres(url)).await.unwrap();
    HealthCheck::check(&postgres).await.unwrap();

    admin.batch_execute("REVOKE INSERT ON time_entries FROM app").unwrap();
    let reason = until_it_is_not_ready(&postgres).await;
    assert_eq!(reason.source.to_string(), "permission denied for table time_entries");
    admin.batch_execute("GRANT INSERT ON time_entries TO app").unwrap();
    until_it_is_ready(&postgres).await;

    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'app'";
    admin.batch_execute(&format!("ALTER ROLE app CONNECTION LIMIT 0; {end}")).unwrap();
    assert_away(&write(&postgres).await.unwrap_err());
    assert_eq!(write(&postgres).await.unwrap_err().kind, BackendErrorKind::Unavailable);
    admin.batch_execute("ALTER ROLE app CONNECTION LIMIT -1").unwrap();
    write(&postgres).await.unwrap();
}
