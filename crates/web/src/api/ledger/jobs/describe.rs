//! What the job endpoints say of themselves.

use serde_json::{Value, json};
use stint_domain::access::Scope;

use super::{JobBody, JobInput, JobPatch};
use crate::media::Media;
use crate::openapi::{Described, name_part, one_of, status};
use crate::problem::Code;

const TAG: &str = "Jobs";
const REPRESENTATION: &[&str] = &["ETag"];

fn example() -> Value {
    json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "name": "Research",
        "status": "open",
        "total_minutes": 90,
        "time_entries": "/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057/time-entries",
        "created_at": "2026-01-02T09:00:00.000000Z",
        "updated_at": "2026-01-02T17:30:00.000000Z",
    })
}

pub(crate) fn list() -> Described {
    Described::new(TAG, "list_jobs", "List jobs", "Newest first. Pages are stable while others create jobs.")
        .needs(Scope::Read)
        .query("status", "Only jobs with this status.", status())
        .query(
            "q",
            "Only jobs whose name contains this, whatever the case and however accents are composed; nothing in it is a wildcard.",
            name_part(),
        )
        .paged()
        .answers_pages::<JobBody<'_>>("A page of jobs.", &example())
}

pub(crate) fn create() -> Described {
    Described::new(TAG, "create_job", "Create a job", "The id is chosen by the service; PUT takes one of yours.")
        .needs(Scope::Write)
        .idempotent()
        .takes::<JobInput>(Media::Json)
        .answers::<JobBody<'_>>(201, "The job.", &["ETag", "Location", "Idempotency-Replayed"], example())
}

pub(crate) fn read() -> Described {
    Described::new(TAG, "read_job", "Read a job", "With its total as of the last committed write.")
        .needs(Scope::Read)
        .id_of("job")
        .conditional_read()
        .answers::<JobBody<'_>>(200, "The job.", REPRESENTATION, example())
        .may(&[Code::NotFound])
}

pub(crate) fn put() -> Described {
    let about = "Creates the job with your id, or replaces name and status of the one that is there; its entries stay.";
    Described::new(TAG, "put_job", "Create or replace a job", about)
        .needs(Scope::Write)
        .id_of("job")
        .conditional_write()
        .takes::<JobInput>(Media::Json)
        .answers::<JobBody<'_>>(200, "The job, replaced.", REPRESENTATION, example())
        .or_unseen(REPRESENTATION)
        .answers::<JobBody<'_>>(201, "The job, created.", &["ETag", "Location"], example())
}

pub(crate) fn patch() -> Described {
    let about = "JSON Merge Patch (RFC 7396): what is absent stays. An archived job takes no time until it is opened \
                 again.";
    Described::new(TAG, "patch_job", "Change a job", about)
        .needs(Scope::Write)
        .id_of("job")
        .conditional_write()
        .takes::<JobPatch>(Media::MergePatch)
        .answers::<JobBody<'_>>(200, "The job, changed.", REPRESENTATION, example())
        .or_unseen(REPRESENTATION)
        .may(&[Code::NotFound])
}

pub(crate) fn delete() -> Described {
    Described::new(
        TAG,
        "delete_job",
        "Delete a job",
        "An open or archived one. One that has entries stays, unless told.",
    )
    .needs(Scope::Write)
    .id_of("job")
    .query("entries", "`delete`: deletes its entries with it.", one_of(["delete"]))
    .conditional_write()
    .empty(204, "It is deleted.", &[])
    .may(&[Code::NotFound, Code::JobHasEntries])
}
