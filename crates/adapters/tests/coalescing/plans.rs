//! A plan that was made while the tables were almost empty, when reading a whole table looks cheap, must not be used
//! for long in a ledger that grows.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stint_adapters::coalescing::Coalescing;
use stint_adapters::postgres::test_database::{PgConnection, TestDatabase};
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::Ledger;
use stint_domain::PageSize;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::{Scopes, SecretHash, Token, TokenKind};
use stint_domain::capture::ports::PingRepository;
use stint_domain::capture::ports::ping::{ListPings, LogPings, RetractPing};
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping, PingProject, PingTarget};
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, RecordTime};
use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey, JobName, Minutes, WorkSummary};
use stint_domain::values::{JobId, PingId, Subject, Timestamp, TokenId, Zone};

use super::callers::{delete, fresh, half_an_hour, open_job, set_minutes};
use crate::given;
use crate::postgres::{number, until_alone};

/// Rows read, by index or not, as counted when a connection closes.
const ROWS_READ: &str = "
    SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)::int8
        + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::int8 AS n";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_made_for_an_empty_ledger_reads_few_rows_of_a_large_one() {
    let database = TestDatabase::create();
    let group_pool_size = given::COALESCING.groups_of_writes().try_into().unwrap();
    // No plan is used twice.
    let settings = PostgresSettings { group_pool_size, group_uses_per_plan: 0, ..given::postgres(database.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let coalescing = Coalescing::new(postgres.clone(), given::COALESCING);
    let ledger = super::ledger(coalescing, postgres.clone(), ());
    let mut aside = PgConnection::establish(&database.url()).unwrap();
    // Statistics that say "almost empty" for as long as the test runs.
    let tables = ["jobs", "time_entries", "idempotency_keys", "tokens", "pings", "ping_days", "capture_projects"];
    let keep = |table| format!("ALTER TABLE {table} SET (autovacuum_enabled = false); ANALYZE {table};");
    let job = open_job(&ledger).await;
    ledger.time_entries.record(once(job)).await.unwrap();
    aside.batch_execute(&tables.map(keep).concat()).unwrap();
    one_of_each(&ledger, job).await;
    let token = token(job);
    TokenRepository::create(&postgres, token.clone()).await.unwrap();
    pings(&postgres, &token, 0).await;
    aside
        .batch_execute(&format!(
            "SET session_replication_role = replica; -- no look-ups for the foreign key
            INSERT INTO jobs SELECT gen_random_uuid(), 'Research', 'research', 'open', 0, 0, now(), now()
                FROM generate_series(1, 10000);
            INSERT INTO time_entries
                SELECT gen_random_uuid(), '{job}', 30, DATE '2026-01-01' + n % 365, 'read', 'ada', 0, now(), now()
                FROM generate_series(1, 10000) AS n;
            INSERT INTO idempotency_keys
                SELECT gen_random_uuid(), 'key', decode(repeat('00', 32), 'hex'), '', now()
                FROM generate_series(1, 10000);
            INSERT INTO pings (id, token_id, related_job, at, received_at, day, status, logged_at, summary)
                SELECT gen_random_uuid(), '{}', '{job}', now() - n * interval '1 hour', now() - n * interval '1 hour',
                    now() - n * interval '1 hour', 'logged', now(), 'read'
                FROM generate_series(100, 10000) AS n;
            INSERT INTO ping_days (related_job, token_id, day, micros, detached)
                SELECT gen_random_uuid(), gen_random_uuid(), now(), 0, false FROM generate_series(1, 10000);
            INSERT INTO capture_projects SELECT 'ada', 'project ' || n, gen_random_uuid()
                FROM generate_series(1, 10000) AS n",
            token.id
        ))
        .unwrap();
    for round in 1..6 {
        one_of_each(&ledger, job).await;
        pings(&postgres, &token, round).await;
    }
    drop((ledger, postgres));
    until_alone(&mut aside).await;
    let read = number(&mut aside, ROWS_READ);
    // Reading one of the tables once would be five times as much.
    assert!(read < 2_000, "{read} rows were read");
}

/// Writes and reads in groups, with every statement of each.
async fn one_of_each(ledger: &Ledger, job: JobId) {
    let entries = &ledger.time_entries;
    entries.record(half_an_hour(job)).await.unwrap();
    let command = once(job);
    let entry = entries.record(command.clone()).await.unwrap().outcome;
    assert!(entries.record(command).await.unwrap().replayed);
    entries.update(set_minutes(entry.id, 40)).await.unwrap();
    assert_eq!(entries.find(entry.id).await.unwrap().unwrap().id, entry.id);
    let page = ListTimeEntries { related_job: Some(job), ..ListTimeEntries::default() };
    let next = entries.list(page.clone()).await.unwrap().next;
    entries.list(ListTimeEntries { after: next, ..page }).await.unwrap();
    entries.delete(delete(entry.id)).await.unwrap();
    assert!(ledger.jobs.find(job).await.unwrap().is_some());
}

/// Pings of all kinds, logged, listed and taken back.
async fn pings(postgres: &Postgres, token: &Token, round: i64) {
    let ping = |minutes: Option<i64>, target: PingTarget, seconds: i64| Ping {
        id: PingId::new(fresh()),
        token: token.id,
        subject: token.subject.clone(),
        target,
        zone: Zone::UTC,
        gap: Gap::default(),
        at: Timestamp::from_micros(1_700_000_000_000_000 + (round * 1_000 + seconds) * 1_000_000).unwrap(),
        received_at: Timestamp::from_micros(4_000_000_000_000_000 + round).unwrap(),
        minutes: minutes.map(|minutes| Minutes::new(minutes).unwrap()),
        summary: WorkSummary::new("read").ok(),
    };
    let CaptureTarget::Job(job) = token.capture.unwrap().target else { unreachable!() };
    let project =
        PingTarget::Project { project: PingProject::Named(JobName::new("somewhere else").unwrap()), create: true };
    let job = PingTarget::Job(job);
    let pings =
        [ping(Some(5), job.clone(), 0), ping(None, job.clone(), 0), ping(None, job, 60), ping(Some(5), project, 0)];
    let ids = pings.each_ref().map(|ping| ping.id);
    let at = pings[0].at;
    postgres.log(LogPings { pings: pings.to_vec(), at }).await.unwrap();
    PingRepository::find(postgres, ids[0]).await.unwrap();
    PingRepository::list(postgres, ListPings { size: PageSize::new(1).unwrap(), ..ListPings::default() })
        .await
        .unwrap();
    for id in &ids[1..] {
        postgres.retract(RetractPing { id: *id, at }).await.unwrap();
    }
}

fn token(job: JobId) -> Token {
    let target = CaptureTarget::Job(job);
    Token {
        id: TokenId::new(fresh()),
        name: Subject::new("editor").unwrap(),
        subject: Subject::new("ada").unwrap(),
        kind: TokenKind::Capture,
        person: None,
        scopes: Scopes::CAPTURE,
        capture: Some(CaptureRule { target, zone: Zone::UTC, gap: Gap::default() }),
        secret_hash: SecretHash([7; 32]),
        created_at: Timestamp::from_micros(0).unwrap(),
        expires_at: None,
        revoked_at: None,
        made_by: None,
        last_used_at: None,
    }
}

fn once(job: JobId) -> RecordTime {
    let key = IdempotencyKey::new(&fresh().to_string()).unwrap();
    let idempotency = Idempotency { token: TokenId::new(fresh()), key, fingerprint: Fingerprint([7; 32]) };
    RecordTime { idempotency: Some(idempotency), ..half_an_hour(job) }
}
