//! Changes by hand in the file are found, and named.

use diesel::connection::SimpleConnection;
use stint_domain::access::SecretHash;
use stint_domain::access::ports::TokenRepository;
use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository, TotalsAudit};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::ListPeople;
use stint_domain::{BackendError, BackendErrorKind};

use super::{bare, database, job, record};

const JOB: &str = "00000000-0000-0000-0000-000000000001";
const ENTRY: &str = "00000000-0000-0000-0000-000000000002";
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

#[track_caller]
fn assert_corrupt(error: &BackendError, message: &str) {
    assert_eq!(error.kind, BackendErrorKind::Corrupt, "{error:?}");
    assert_eq!(error.source.to_string(), message);
}

#[tokio::test]
async fn a_row_that_does_not_parse_is_corrupt_and_named() {
    let (sqlite, folder) = database().await;
    let (job, entry) = (job(1), record(2, None));
    let (job_id, entry_id) = (job.id, entry.entry.id);
    JobRepository::create(&sqlite, job).await.unwrap();
    sqlite.record(entry).await.unwrap();
    let mut bare = bare(&folder);
    let mut spoil = |sql: &str| bare.batch_execute(&format!("PRAGMA ignore_check_constraints = ON; {sql}")).unwrap();

    spoil("UPDATE jobs SET status = 'paused'");
    let expected = format!("jobs.status of {JOB} holds paused");
    assert_corrupt(&JobRepository::find(&sqlite, job_id).await.unwrap_err(), &expected);
    assert_corrupt(&JobRepository::list(&sqlite, ListJobs::default()).await.unwrap_err(), &expected);

    spoil("UPDATE jobs SET status = 'open', total_minutes = -1");
    let error = JobRepository::find(&sqlite, job_id).await.unwrap_err();
    assert_corrupt(&error, &format!("jobs.total_minutes of {JOB} holds -1"));
    assert_corrupt(&sqlite.audit().await.unwrap_err(), &format!("jobs.total_minutes of {JOB} holds -1"));

    spoil("UPDATE time_entries SET date_stamp = '2026-02-30'");
    let error = TimeEntryRepository::find(&sqlite, entry_id).await.unwrap_err();
    assert_corrupt(&error, &format!("time_entries.date_stamp of {ENTRY} holds 2026-02-30"));

    spoil("PRAGMA foreign_keys = OFF; UPDATE time_entries SET date_stamp = '2026-02-28', related_job = x'0102'");
    let error = TimeEntryRepository::find(&sqlite, entry_id).await.unwrap_err();
    assert_corrupt(&error, &format!("time_entries.related_job of {ENTRY} holds x'0102'"));

    spoil("UPDATE jobs SET total_minutes = 30, id = x'0102'");
    let error = JobRepository::list(&sqlite, ListJobs::default()).await.unwrap_err();
    assert_corrupt(&error, "jobs.id of x'0102' holds x'0102'");

    spoil(
        "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
        VALUES (x'ff', 'ci', 'ci', 'read', zeroblob(32), 0)",
    );
    let error = sqlite.find_by_hash(SecretHash([0; 32])).await.unwrap_err();
    assert_corrupt(&error, "tokens.id of x'ff' holds x'ff'");

    spoil("UPDATE tokens SET id = zeroblob(16), kind = 'badge'");
    let error = sqlite.find_by_hash(SecretHash([0; 32])).await.unwrap_err();
    assert_corrupt(&error, &format!("tokens.kind of {NOBODY} holds badge"));

    spoil("UPDATE tokens SET kind = NULL, person_id = zeroblob(16)");
    let error = sqlite.find_by_hash(SecretHash([0; 32])).await.unwrap_err();
    assert_corrupt(&error, &format!("tokens.person_id of {NOBODY} holds {NOBODY}"));

    spoil(
        "INSERT INTO people
            VALUES (zeroblob(16), 'a b', 'a b', 'Ada', 'ada', 'owner', 'active', 'UTC', 'monday', NULL, 0, 0, 0)",
    );
    let error = sqlite.find_by_hash(SecretHash([0; 32])).await.unwrap_err();
    assert_corrupt(&error, &format!("people.role of {NOBODY} holds owner"));
    let error = PersonRepository::list(&sqlite, ListPeople::default()).await.unwrap_err();
    assert_corrupt(&error, &format!("people.handle of {NOBODY} holds a b"));

    spoil("UPDATE people SET handle = 'ada', role = 'admin'");
    let error = PersonRepository::list(&sqlite, ListPeople::default()).await.unwrap_err();
    assert_corrupt(&error, &format!("people.email of {NOBODY} holds a text of 3 bytes"));
}
