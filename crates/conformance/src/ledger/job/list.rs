//! Listing jobs.

use stint_domain::Page;
use stint_domain::ledger::ports::job::{CreateJob, JobCursor, ListJobs};
use stint_domain::ledger::{Job, JobStatus};
use stint_domain::values::JobId;

use crate::Ledger;
use crate::given::{at, create_job, delete_job, name, part, size};

/// By `created_at`, descending, in whatever order they were stored.
pub async fn jobs_are_listed_newest_first(ledger: Ledger) {
    for seconds in [2, 0, 3, 1] {
        ledger.create(CreateJob { at: at(seconds), ..create_job() }).await;
    }
    let moments: Vec<_> = ledger.all_jobs(ListJobs::default()).await.iter().map(|job| job.created_at).collect();
    assert_eq!(moments, [at(3), at(2), at(1), at(0)]);
}

/// By id, descending, as bytes.
pub async fn jobs_created_at_the_same_moment_are_listed_by_id(ledger: Ledger) {
    let mut ids = seven_jobs_of_one_moment(&ledger).await;
    ids.reverse();
    assert_eq!(ids_of(&ledger.all_jobs(ListJobs::default()).await), ids);
}

/// The pages together are the listing, and no page is longer than asked for.
pub async fn pages_of_jobs_join_without_gap_or_repeat(ledger: Ledger) {
    seven_jobs_of_one_moment(&ledger).await;
    ledger.create(CreateJob { at: at(1), ..create_job() }).await;
    let whole = ids_of(&ledger.all_jobs(ListJobs::default()).await);
    assert_eq!(whole.len(), 8);
    for pages_of in [1, 3, 7, 8, 9] {
        let query = ListJobs { size: size(pages_of), ..ListJobs::default() };
        assert!(ledger.jobs.list(query.clone()).await.unwrap().items.len() <= query.size.get());
        assert_eq!(ids_of(&ledger.all_jobs(query).await), whole, "pages of {pages_of}");
    }
}

/// A page has a `next` only when something follows.
pub async fn the_last_full_page_of_jobs_has_no_next(ledger: Ledger) {
    let ids = seven_jobs_of_one_moment(&ledger).await;
    let query = ListJobs { size: size(7), ..ListJobs::default() };
    assert_eq!(ledger.jobs.list(query.clone()).await.unwrap().next, None);
    let shorter = ledger.jobs.list(ListJobs { size: size(6), ..query }).await.unwrap();
    assert_eq!(shorter.next, Some(JobCursor { created_at: at(0), id: ids[1] }));
}

/// Both filters apply, on every page.
pub async fn a_listing_of_jobs_can_be_narrowed_by_status_and_name_together(ledger: Ledger) {
    let (open, archived) = (JobStatus::Open, JobStatus::Archived);
    for (text, status) in [("Sea ice", open), ("Sea salt", archived), ("Land", open), ("Seal", archived)] {
        ledger.create(CreateJob { name: name(text), status, ..create_job() }).await;
    }
    let listed = async |status, part| {
        let query = ListJobs { status, name_part: part, size: size(1), ..ListJobs::default() };
        let mut names: Vec<_> = ledger.all_jobs(query).await.iter().map(|job| job.name.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(listed(Some(open), None).await, ["Land", "Sea ice"]);
    assert_eq!(listed(Some(archived), None).await, ["Sea salt", "Seal"]);
    assert_eq!(listed(None, Some(part("SEA"))).await, ["Sea ice", "Sea salt", "Seal"]);
    assert_eq!(listed(Some(archived), Some(part("sea "))).await, ["Sea salt"]);
    assert_eq!(listed(Some(open), Some(part("seal"))).await, <[&str; 0]>::default());
}

/// A cursor is a place, not a row.
pub async fn a_cursor_whose_job_was_deleted_still_works(ledger: Ledger) {
    seven_jobs_of_one_moment(&ledger).await;
    let query = ListJobs { size: size(3), ..ListJobs::default() };
    let first = ledger.jobs.list(query.clone()).await.unwrap();
    let rest = ledger.all_jobs(ListJobs { after: first.next, ..query.clone() }).await;
    ledger.jobs.delete(delete_job(first.next.unwrap().id)).await.unwrap();
    assert_eq!(ledger.all_jobs(ListJobs { after: first.next, ..query }).await, rest);
    assert_eq!(rest.len(), 4);
}

/// The answer is an empty page, not an error.
pub async fn an_empty_ledger_lists_no_jobs(ledger: Ledger) {
    assert_eq!(ledger.jobs.list(ListJobs::default()).await.unwrap(), Page { items: vec![], next: None });
}

/// Seven jobs of one moment, by id ascending, stored in another order.
async fn seven_jobs_of_one_moment(ledger: &Ledger) -> Vec<JobId> {
    // Ids that differ only in their first byte or only in their last, on both sides of the sign bit, so that an order
    // other than that of the bytes shows.
    let ids: Vec<JobId> = [1, 2, 0x7f << 120, (0x7f << 120) + 1, 0x80 << 120, (0x80 << 120) + 0xff, u128::MAX]
        .map(|id| JobId::new(uuid::Uuid::from_u128(id)))
        .to_vec();
    for place in [3, 0, 6, 1, 5, 2, 4] {
        ledger.create(CreateJob { id: ids[place], ..create_job() }).await;
    }
    ids
}

fn ids_of(jobs: &[Job]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}
