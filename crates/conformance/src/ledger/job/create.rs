//! Creating and finding a job.

use stint_domain::ledger::ports::job::{CreateJob, CreateJobError, ListJobs};
use stint_domain::ledger::{Job, JobStatus, TotalMinutes};
use stint_domain::values::Version;

use crate::Ledger;
use crate::given::{at, create_job, entry, job_id, name, rename};

/// A new job has total 0 and the first version of its creation, and reads back as it was returned.
pub async fn a_new_job_reads_back_with_total_zero_and_its_first_version(ledger: Ledger) {
    let command = create_job();
    let applied = ledger.jobs.create(command.clone()).await.unwrap();
    let expected = Job {
        id: command.id,
        name: command.name,
        status: JobStatus::Open,
        total_minutes: TotalMinutes::ZERO,
        version: Version::initial(at(0)),
        created_at: at(0),
        updated_at: at(0),
    };
    assert!(!applied.replayed);
    assert_eq!(applied.outcome, expected);
    assert_eq!(ledger.job(expected.id).await, expected);
}

/// The command sets the status.
pub async fn an_archived_job_can_be_created(ledger: Ledger) {
    let job = ledger.create(CreateJob { status: JobStatus::Archived, ..create_job() }).await;
    assert_eq!(job.status, JobStatus::Archived);
    assert_eq!(ledger.job(job.id).await, job);
}

/// Two jobs may share a name.
pub async fn two_jobs_may_share_a_name(ledger: Ledger) {
    ledger.create(create_job()).await;
    ledger.create(create_job()).await;
    assert_eq!(ledger.all_jobs(ListJobs::default()).await.len(), 2);
}

/// A repeat after a lost answer returns the job as it is, with its total, and changes nothing.
pub async fn creating_twice_with_the_same_id_and_values_changes_nothing(ledger: Ledger) {
    let command = create_job();
    ledger.create(command.clone()).await;
    ledger.record(entry(command.id)).await;
    let present = ledger.job(command.id).await;
    let again = ledger.create(CreateJob { at: at(5), ..command.clone() }).await;
    assert_eq!(again, present);
    assert_eq!(ledger.job(command.id).await, present);
    assert_eq!(ledger.all_jobs(ListJobs::default()).await.len(), 1);
}

/// Other values under a taken id mean another job, which is refused, even when they are earlier values of this job.
pub async fn creating_a_taken_id_with_other_values_is_refused(ledger: Ledger) {
    let command = create_job();
    let job = ledger.create(command.clone()).await;
    for other in [
        CreateJob { name: name("Other"), ..command.clone() },
        CreateJob { status: JobStatus::Archived, ..command.clone() },
    ] {
        let refused = ledger.jobs.create(other).await;
        assert!(matches!(refused, Err(CreateJobError::IdTaken(id)) if id == job.id), "{refused:?}");
        assert_eq!(ledger.job(job.id).await, job);
    }
    let renamed = ledger.jobs.update(rename(job.id, "Renamed")).await.unwrap();
    let refused = ledger.jobs.create(command).await;
    assert!(matches!(refused, Err(CreateJobError::IdTaken(id)) if id == job.id), "{refused:?}");
    assert_eq!(ledger.job(job.id).await, renamed);
}

/// The answer is `None`, not an error.
pub async fn an_unknown_job_is_not_found(ledger: Ledger) {
    ledger.open_job().await;
    assert_eq!(ledger.jobs.find(job_id()).await.unwrap(), None);
}
