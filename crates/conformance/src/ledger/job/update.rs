//! Changing some fields of a job.

use stint_domain::ledger::ports::job::{ChangeJobError, JobChanges, UpdateJob};
use stint_domain::ledger::{Job, JobStatus, Precondition, PreconditionFailed};
use stint_domain::values::Version;

use crate::Ledger;
use crate::given::{at, entry, exactly, job_id, name, rename, set_status, stale, update_job};

/// Other fields stay. The version is the next one, and `updated_at` the command's `at`.
pub async fn an_update_changes_the_named_fields_alone(ledger: Ledger) {
    let created = ledger.open_job().await;
    ledger.record(entry(created.id)).await;
    let before = ledger.job(created.id).await;

    let renamed = ledger.jobs.update(UpdateJob { at: at(7), ..rename(before.id, "Renamed") }).await.unwrap();
    let expected = Job { name: name("Renamed"), version: before.version.next(), updated_at: at(7), ..before };
    assert_eq!(renamed, expected);
    assert_eq!(ledger.job(expected.id).await, expected);

    let archive = UpdateJob { at: at(8), ..set_status(expected.id, JobStatus::Archived) };
    let archived = ledger.jobs.update(archive).await.unwrap();
    let expected = Job { status: JobStatus::Archived, version: expected.version.next(), updated_at: at(8), ..expected };
    assert_eq!(archived, expected);
    assert_eq!(ledger.job(expected.id).await, expected);

    let changes = JobChanges { name: Some(name("Both")), status: Some(JobStatus::Open) };
    let both = ledger.jobs.update(UpdateJob { changes, at: at(9), ..update_job(expected.id) }).await.unwrap();
    let expected = Job {
        name: name("Both"),
        status: JobStatus::Open,
        version: expected.version.next(),
        updated_at: at(9),
        ..expected
    };
    assert_eq!(both, expected);
    assert_eq!(ledger.job(expected.id).await, expected);
}

/// Without a named field, the job stays as it is.
pub async fn an_update_without_changes_leaves_the_version(ledger: Ledger) {
    let before = ledger.open_job().await;
    let answer = ledger.jobs.update(UpdateJob { at: at(7), ..update_job(before.id) }).await.unwrap();
    assert_eq!(answer, before);
    assert_eq!(ledger.job(before.id).await, before);
}

/// A named field counts as changed, whatever its value was.
pub async fn an_update_to_the_value_that_is_there_is_a_change(ledger: Ledger) {
    let mut expected = ledger.open_job().await;
    let same = [rename(expected.id, expected.name.as_str()), set_status(expected.id, expected.status)];
    for (seconds, command) in (7..).zip(same) {
        expected = Job { version: expected.version.next(), updated_at: at(seconds), ..expected };
        let answer = ledger.jobs.update(UpdateJob { at: at(seconds), ..command }).await.unwrap();
        assert_eq!(answer, expected);
        assert_eq!(ledger.job(expected.id).await, expected);
    }
}

/// The first refusal in the order of the variants.
pub async fn an_update_of_an_unknown_job_is_refused_before_its_precondition(ledger: Ledger) {
    let id = job_id();
    for precondition in [Precondition::None, Precondition::Exists, stale()] {
        for command in [rename(id, "Renamed"), update_job(id)] {
            let refused = ledger.jobs.update(UpdateJob { precondition: precondition.clone(), ..command }).await;
            assert!(matches!(refused, Err(ChangeJobError::NotFound(unknown)) if unknown == id), "{refused:?}");
        }
    }
    assert_eq!(ledger.jobs.find(id).await.unwrap(), None);
}

/// The current version matches, an earlier one does not.
pub async fn an_update_with_a_stale_version_changes_nothing(ledger: Ledger) {
    let first = ledger.open_job().await;
    let guarded = UpdateJob { precondition: exactly(first.version), ..rename(first.id, "Second") };
    let second = ledger.jobs.update(guarded.clone()).await.unwrap();
    let late = UpdateJob { changes: rename(first.id, "Third").changes, ..guarded };
    assert_failed(&ledger.jobs.update(late).await, second.version);
    assert_eq!(ledger.job(first.id).await, second);
}

/// An update that names no field is refused like any other.
pub async fn an_update_without_changes_checks_the_precondition_all_the_same(ledger: Ledger) {
    let job = ledger.open_job().await;
    let refused = ledger.jobs.update(UpdateJob { precondition: stale(), ..update_job(job.id) }).await;
    assert_failed(&refused, job.version);
    let passed = ledger.jobs.update(UpdateJob { precondition: exactly(job.version), ..update_job(job.id) }).await;
    assert_eq!(passed.unwrap(), job);
}

/// `If-Match` may list several versions. An empty list never matches.
pub async fn any_of_several_versions_will_do_and_none_of_none(ledger: Ledger) {
    let job = ledger.open_job().await;
    let refused =
        ledger.jobs.update(UpdateJob { precondition: Precondition::Version(vec![]), ..rename(job.id, "No") }).await;
    assert_failed(&refused, job.version);
    let either = Precondition::Version(vec![Version::new(1).unwrap(), job.version]);
    ledger.jobs.update(UpdateJob { precondition: either, ..rename(job.id, "Yes") }).await.unwrap();
    assert_eq!(ledger.job(job.id).await.name, name("Yes"));
}

/// An archive can be undone.
pub async fn an_archived_job_can_be_reopened_and_takes_time_again(ledger: Ledger) {
    let job = ledger.open_job().await;
    ledger.archive(job.id).await;
    ledger.jobs.update(set_status(job.id, JobStatus::Open)).await.unwrap();
    ledger.record(entry(job.id)).await;
    assert_eq!(ledger.total(job.id).await, 30);
}

fn assert_failed(result: &Result<Job, ChangeJobError>, current: Version) {
    let expected = PreconditionFailed { current: Some(current) };
    assert!(matches!(result, Err(ChangeJobError::Precondition(failed)) if *failed == expected), "{result:?}");
}
