//! Audits of ledgers with many jobs, of jobs with many entries, and of audits whose caller is gone.

use diesel::connection::SimpleConnection;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::TotalsReport;

use super::*;

/// Many jobs. The first has many entries, and the total of every seventh is one too high.
const LEDGER: &str = "
    INSERT INTO jobs SELECT lpad(to_hex(n), 32, '0')::uuid, 'Job', 'job', 'open', 0, 0, now(), now()
        FROM generate_series(0, 249) n;
    INSERT INTO time_entries SELECT gen_random_uuid(), id, 2, date '2026-01-01' + n % 40, '', 'ada', 0, now(), now()
        FROM jobs, generate_series(1, 12001) n WHERE n < 3 OR id = lpad('0', 32, '0')::uuid;
    UPDATE jobs SET total_minutes = minutes FROM
        (SELECT related_job, sum(minutes_worked) AS minutes FROM time_entries GROUP BY related_job) AS sums
        WHERE related_job = id;
    UPDATE jobs SET total_minutes = total_minutes + 1
        WHERE id IN (SELECT lpad(to_hex(n), 32, '0')::uuid FROM generate_series(0, 249, 7) n)";

#[tokio::test]
async fn every_job_is_looked_at_in_steps_and_every_entry_in_pieces() {
    let (postgres, database) = postgres().await;
    connection(&database).batch_execute(LEDGER).unwrap();
    let TotalsReport { jobs, time_entries, drifts } = postgres.audit().await.unwrap();
    assert_eq!((jobs, time_entries), (250, 12_001 + 249 * 2));
    let found: Vec<_> = drifts.iter().map(|drift| (drift.job.as_uuid().as_u128(), drift.summed.get())).collect();
    let expected: Vec<_> = (0..250).step_by(7).map(|n| (n, if n == 0 { 24_002 } else { 4 })).collect();
    assert_eq!(found, expected);
    assert!(drifts.iter().all(|drift| drift.recorded.get() == drift.summed.get() + 1));
}

/// The running statement is waited for, and the next one is not sent.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_nobody_waits_for_ends_with_its_statement() {
    let (postgres, database) = postgres().await;
    let mut other = connection(&database);
    other.batch_execute(LEDGER).unwrap();
    other.batch_execute("BEGIN; LOCK TABLE time_entries").unwrap();
    let auditing = tokio::spawn({
        let postgres = postgres.clone();
        async move { postgres.audit().await }
    });
    let waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    until(&mut connection(&database), waits).await;
    auditing.abort();
    assert!(auditing.await.unwrap_err().is_cancelled());
    other.batch_execute("ROLLBACK; BEGIN; LOCK TABLE jobs").unwrap();
    // The running statement, which adds up a piece of the first job's entries, ends. Then the audit stops, because
    // its caller is gone.
    let active = "SELECT count(*) + 1 AS n FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND state = 'active'";
    until(&mut connection(&database), active).await;
    other.batch_execute("ROLLBACK").unwrap();
}
