//! A migration counts pings again that were counted when each job had a stream of its own, on either database.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use stint_adapters::migrations::Migrator;
use stint_adapters::postgres::Postgres;
use stint_adapters::system::UuidV7Generator;
use stint_domain::IdGenerator;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::{Scopes, SecretHash, Token, TokenKind};
use stint_domain::capture::ports::ping::LogPings;
use stint_domain::capture::ports::{PingQueue, PingRepository};
use stint_domain::capture::{CaptureRule, CaptureTarget, CapturedDay, Gap, Ping, PingOutcome, PingRefusal, PingTarget};
use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository, TotalsAudit};
use stint_domain::ledger::{JobName, JobStatus, WorkSummary};
use stint_domain::values::{JobId, PingId, Subject, Timestamp, TokenId, Zone};
use uuid::Uuid;

use crate::given;
use crate::{postgres, sqlite};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(1_700_006_400_000_000 + minutes * 60_000_000).unwrap()
}

fn token(number: u8, job: JobId) -> Token {
    let target = CaptureTarget::Job(job);
    Token {
        id: TokenId::new(UuidV7Generator.generate()),
        name: Subject::new("editor").unwrap(),
        subject: Subject::new("ada").unwrap(),
        kind: TokenKind::Capture,
        person: None,
        scopes: Scopes::CAPTURE,
        capture: Some(CaptureRule { target, zone: "Asia/Kolkata".parse().unwrap(), gap: Gap::default() }),
        secret_hash: SecretHash([number; 32]),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        made_by: None,
        last_used_at: None,
    }
}

fn ping(token: &Token, job: JobId, minutes: i64) -> Ping {
    let CaptureRule { zone, gap, .. } = token.capture.unwrap();
    Ping {
        id: PingId::new(UuidV7Generator.generate()),
        token: token.id,
        subject: token.subject.clone(),
        target: PingTarget::Job(job),
        zone,
        gap,
        at: at(minutes),
        received_at: at(minutes + 1),
        minutes: None,
        summary: (minutes == 2).then(|| WorkSummary::new("say \"hi\"\n🦭").unwrap()),
    }
}

/// `sql` bypasses the adapter; `literal` writes an id in the dialect.
async fn pings_of_several_jobs_are_counted_anew<A>(
    adapter: &A,
    migrator: Migrator,
    queue: Arc<dyn PingQueue>,
    mut sql: impl FnMut(&str),
    literal: impl Fn(Uuid) -> String,
) where
    A: JobRepository + PingRepository + TimeEntryRepository + TokenRepository + TotalsAudit,
{
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let (id, name) = (JobId::new(UuidV7Generator.generate()), JobName::new("Research").unwrap());
        let command = CreateJob { id, name, status: JobStatus::Open, at: at(0), idempotency: None };
        jobs.push(JobRepository::create(adapter, command).await.unwrap().outcome.id);
    }
    let tokens = [1, 2, 3].map(|number| token(number, jobs[0]));
    for token in &tokens {
        TokenRepository::create(adapter, token.clone()).await.unwrap();
    }
    let [one, twin, other] = &tokens;
    let sent = [
        (one, 0, 0),
        (twin, 1, 2),
        (one, 0, 10),
        (twin, 1, 12),
        (other, 0, 100),
        (other, 0, 105),
        (one, 0, -1_440),
        (one, 0, -1_435),
        (one, 2, 200),
        (one, 2, 205),
    ];
    let sent = sent.map(|(token, job, minutes)| ping(token, jobs[job], minutes));
    adapter.log(LogPings { pings: sent.to_vec(), at: at(200) }).await.unwrap();

    // The state that the release before left: the pings of the twin belonged to the first token, and each job had a
    // stream.
    while let Some(name) = migrator.down().await.unwrap() {
        if name.ends_with("_expand_streams") {
            break;
        }
    }
    let day = |token: TokenId| CapturedDay { job: jobs[1], token, date: Zone::UTC.day_of(at(0)) }.entry_id();
    let [from, to] = [twin.id, one.id].map(|id| literal(id.as_uuid()));
    sql(&format!("UPDATE pings SET token_id = {to} WHERE token_id = {from}"));
    sql(&format!("UPDATE ping_days SET token_id = {to} WHERE token_id = {from}"));
    let [from, to] = [twin.id, one.id].map(|id| literal(day(id).as_uuid()));
    sql(&format!("UPDATE time_entries SET id = {to} WHERE id = {from}"));
    // Somebody wrote a summary, and one of the jobs is archived.
    let told = CapturedDay { job: jobs[0], token: one.id, date: Zone::UTC.day_of(at(0)) }.entry_id();
    let (edited, archived) = (literal(told.as_uuid()), literal(jobs[2].as_uuid()));
    sql(&format!("UPDATE time_entries SET work_summary = 'mine', version = version + 1 WHERE id = {edited}"));
    sql(&format!("UPDATE jobs SET status = 'archived' WHERE id = {archived}"));

    migrator.up().await.unwrap();
    let total = async |job| JobRepository::find(adapter, job).await.unwrap().unwrap().total_minutes.get();
    assert_eq!((total(jobs[0]).await, total(jobs[1]).await), (20, 10));
    let queued: Vec<_> =
        queue.take(crate::ping_queue::take(9)).await.unwrap().into_iter().map(|taken| taken.ping.unwrap()).collect();
    let expected: Vec<_> = sent[..4].iter().map(|ping| Ping { token: one.id, ..ping.clone() }).collect();
    assert_eq!(queued, expected);
    adapter.log(LogPings { pings: queued, at: at(300) }).await.unwrap();
    assert_eq!((total(jobs[0]).await, total(jobs[1]).await), (5 + 2 + 2 + 5, 8));
    let entry = TimeEntryRepository::find(adapter, told).await.unwrap().unwrap();
    assert_eq!((entry.minutes_worked.get(), entry.work_summary.as_str()), (4, "mine"));
    for ping in &sent {
        let logged = PingRepository::find(adapter, ping.id).await.unwrap().unwrap();
        assert!(matches!(logged.outcome, PingOutcome::Logged(_)), "{logged:?}");
    }
    // A closed day stays closed: nothing is added to pings that may be deleted, or that would count twice.
    sql(&format!("UPDATE jobs SET status = 'open' WHERE id = {archived}"));
    let late = vec![ping(one, jobs[0], -1_430), ping(one, jobs[2], 210)];
    let outcomes = adapter.log(LogPings { pings: late, at: at(400) }).await.unwrap();
    assert_eq!(outcomes, [PingOutcome::Ignored(PingRefusal::EntryDetached); 2]);
}

#[tokio::test]
async fn in_postgres() {
    let database = stint_adapters::postgres::test_database::TestDatabase::create();
    let adapter = Postgres::connect(&given::postgres(database.url())).await.unwrap();
    let mut aside = postgres::connection(&database);
    let sql = |sql: &str| aside.batch_execute(sql).unwrap();
    let (migrator, queue) = (adapter.migrator(), Arc::new(adapter.ping_queue()));
    pings_of_several_jobs_are_counted_anew(&adapter, migrator, queue, sql, |id| format!("'{id}'")).await;
}

#[tokio::test]
async fn in_sqlite() {
    let (adapter, folder) = sqlite::database().await;
    let mut aside = sqlite::bare(&folder);
    let sql = |sql: &str| aside.batch_execute(sql).unwrap();
    let (migrator, queue) = (adapter.migrator(), Arc::new(adapter.ping_queue()));
    pings_of_several_jobs_are_counted_anew(&adapter, migrator, queue, sql, |id| format!("x'{}'", id.simple())).await;
}
