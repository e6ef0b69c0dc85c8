//! Creating or replacing a job under the caller's id.

use stint_domain::ledger::ports::job::{ChangeJobError, ListJobs, Put, PutJob};
use stint_domain::ledger::{Job, JobStatus, Precondition, PreconditionFailed, TotalMinutes};
use stint_domain::values::Version;

use crate::Ledger;
use crate::given::{at, create_job, entry, exactly, job_id, name, put_job, stale};

/// A job that does not exist is created, with the same values as by the create method.
pub async fn putting_an_absent_job_creates_it(ledger: Ledger) {
    let id = job_id();
    let created = ledger.jobs.put(PutJob { status: JobStatus::Archived, ..put_job(id) }).await.unwrap();
    let expected = Job {
        id,
        name: name("Review"),
        status: JobStatus::Archived,
        total_minutes: TotalMinutes::ZERO,
        version: Version::initial(at(1)),
        created_at: at(1),
        updated_at: at(1),
    };
    assert_eq!(created, Put::Created(expected.clone()));
    assert_eq!(ledger.job(id).await, expected);
}

/// The total and the creation stay; the version is the next one.
pub async fn putting_a_present_job_replaces_name_and_status_and_keeps_the_rest(ledger: Ledger) {
    let id = ledger.create(create_job()).await.id;
    ledger.record(entry(id)).await;
    let before = ledger.job(id).await;
    let put = ledger.jobs.put(PutJob { status: JobStatus::Archived, at: at(9), ..put_job(id) }).await.unwrap();
    let expected = Job {
        name: name("Review"),
        status: JobStatus::Archived,
        version: before.version.next(),
        updated_at: at(9),
        ..before
    };
    assert_eq!(put, Put::Replaced(expected.clone()));
    assert_eq!(ledger.job(id).await, expected);
}

/// A repeat after a lost answer.
pub async fn putting_twice_leaves_one_job_with_its_total(ledger: Ledger) {
    let command = put_job(job_id());
    ledger.jobs.put(command.clone()).await.unwrap();
    ledger.record(entry(command.id)).await;
    let again = ledger.jobs.put(command.clone()).await.unwrap();
    assert!(matches!(again, Put::Replaced(ref job) if job.total_minutes.get() == 30), "{again:?}");
    assert_eq!(ledger.all_jobs(ListJobs::default()).await.len(), 1);
    ledger.assert_totals_are_sums().await;
}

/// `If-None-Match: *`.
pub async fn a_put_that_is_create_only_never_replaces(ledger: Ledger) {
    let command = PutJob { precondition: Precondition::Absent, ..put_job(job_id()) };
    let created = ledger.jobs.put(command.clone()).await.unwrap();
    assert!(matches!(created, Put::Created(_)), "{created:?}");
    let before = ledger.job(command.id).await;
    let refused = ledger.jobs.put(PutJob { name: name("Other"), ..command }).await;
    assert_failed(&refused, Some(before.version));
    assert_eq!(ledger.job(before.id).await, before);
}

/// `If-Match: *`.
pub async fn a_put_that_is_replace_only_never_creates(ledger: Ledger) {
    let command = PutJob { precondition: Precondition::Exists, ..put_job(job_id()) };
    assert_failed(&ledger.jobs.put(command.clone()).await, None);
    assert_eq!(ledger.jobs.find(command.id).await.unwrap(), None);
    ledger.jobs.put(put_job(command.id)).await.unwrap();
    let replaced = ledger.jobs.put(PutJob { name: name("Other"), ..command }).await.unwrap();
    assert!(matches!(replaced, Put::Replaced(ref job) if job.name == name("Other")), "{replaced:?}");
}

/// Only the current version matches. Any other changes nothing, also when no job exists.
pub async fn a_put_with_a_stale_version_changes_nothing(ledger: Ledger) {
    let before = ledger.open_job().await;
    let command = PutJob { precondition: stale(), ..put_job(before.id) };
    assert_failed(&ledger.jobs.put(command.clone()).await, Some(before.version));
    assert_eq!(ledger.job(before.id).await, before);
    let absent = job_id();
    assert_failed(&ledger.jobs.put(PutJob { id: absent, ..command.clone() }).await, None);
    assert_eq!(ledger.jobs.find(absent).await.unwrap(), None);
    ledger.jobs.put(PutJob { precondition: exactly(before.version), ..command }).await.unwrap();
    assert_eq!(ledger.job(before.id).await.name, name("Review"));
}

/// The caller gets a version that nobody had before.
pub async fn a_put_of_equal_values_is_a_change(ledger: Ledger) {
    let command = put_job(job_id());
    ledger.jobs.put(command.clone()).await.unwrap();
    let before = ledger.job(command.id).await;
    let again = ledger.jobs.put(PutJob { at: at(9), ..command }).await.unwrap();
    assert_eq!(again, Put::Replaced(Job { version: before.version.next(), updated_at: at(9), ..before }));
}

/// The version is the next one all the same.
pub async fn a_put_that_waited_sets_no_moment_back(ledger: Ledger) {
    let command = put_job(job_id());
    ledger.jobs.put(PutJob { at: at(9), ..command.clone() }).await.unwrap();
    let before = ledger.job(command.id).await;
    let put = ledger.jobs.put(PutJob { name: name("Late"), at: at(3), ..command }).await.unwrap();
    assert_eq!(put, Put::Replaced(Job { name: name("Late"), version: before.version.next(), ..before }));
}

fn assert_failed(result: &Result<Put<Job>, ChangeJobError>, current: Option<Version>) {
    assert!(
        matches!(result, Err(ChangeJobError::Precondition(failed)) if *failed == PreconditionFailed { current }),
        "{result:?}"
    );
}
