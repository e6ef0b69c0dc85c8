//! What the document says of jobs.

use serde_json::{Value, json};

use super::{JobBody, JobInput, JobPatch};
use crate::openapi::{Described, Documented, name_part, one_of, status};
use crate::problem::Code;

const TAG: &str = "Jobs";

impl Documented for JobBody<'_> {
    const NOUN: &'static str = "job";
    const HAS_ETAG: bool = true;

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
}

pub(crate) fn list() -> Described {
    let q = "Only jobs whose name contains this, whatever the case and however accents are composed; nothing in it is \
             a wildcard.";
    Described::new(TAG, "list_jobs", "List jobs", "Newest first. Pages are stable while others create jobs.")
        .query("status", "Only jobs with this status.", status())
        .query("q", q, name_part())
        .lists::<JobBody<'_>>()
}

pub(crate) fn create() -> Described {
    Described::new(TAG, "create_job", "Create a job", "The service chooses the id; PUT takes one of yours.")
        .creates::<JobInput, JobBody<'_>>()
}

pub(crate) fn read() -> Described {
    Described::new(TAG, "read_job", "Read a job", "With its total as of the last committed write.")
        .reads::<JobBody<'_>>()
}

pub(crate) fn put() -> Described {
    let about = "Creates the job with your id, or replaces name and status of the one that is there; its entries stay.";
    Described::new(TAG, "put_job", "Create or replace a job", about).puts::<JobInput, JobBody<'_>>()
}

pub(crate) fn patch() -> Described {
    let about = "JSON Merge Patch (RFC 7396): what is absent stays. An archived job takes no time until it is opened \
                 again.";
    Described::new(TAG, "patch_job", "Change a job", about).patches::<JobPatch, JobBody<'_>>()
}

pub(crate) fn delete() -> Described {
    let about = "Open or archived. A job that has entries is deleted only together with them.";
    Described::new(TAG, "delete_job", "Delete a job", about)
        .query("entries", "`delete`: deletes its entries with it.", one_of(["delete"]))
        .deletes::<JobBody<'_>>()
        .may(&[Code::JobHasEntries])
}
