//! The routes to jobs, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{JOBS, JobBody, JobInput, JobPatch, create, delete, list, patch, put, read};
use crate::endpoint::Endpoint;
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

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const JOB: &str = "/api/v1/jobs/{id}";
    vec![
        Endpoint::new(Method::GET, JOBS, list, || {
            let q = "Only jobs whose name contains this. Case and the encoding of accents make no difference; there \
                     are no wildcards.";
            Described::new(TAG, "list_jobs", "List jobs", "Newest first. Pages are stable while others create jobs.")
                .query("status", "Only jobs with this status.", status())
                .query("q", q, name_part())
                .lists::<JobBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::POST, JOBS, create, || {
            Described::new(TAG, "create_job", "Create a job", "The service chooses the id; PUT takes one of yours.")
                .creates::<JobInput, JobBody<'_>>()
        }),
        Endpoint::new(Method::GET, JOB, read, || {
            Described::new(TAG, "read_job", "Read a job", "With its total as of the last committed write.")
                .reads::<JobBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::PUT, JOB, put, || {
            let about = "Creates the job with your id, or replaces name and status of an existing one; its entries \
                         stay.";
            Described::new(TAG, "put_job", "Create or replace a job", about).puts::<JobInput, JobBody<'_>>()
        }),
        Endpoint::new(Method::PATCH, JOB, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay. An archived job takes no time until it is \
                         open again.";
            Described::new(TAG, "patch_job", "Change a job", about).patches::<JobPatch, JobBody<'_>>()
        }),
        Endpoint::new(Method::DELETE, JOB, delete, || {
            let about = "Open or archived. A job that has entries is deleted only together with them.";
            Described::new(TAG, "delete_job", "Delete a job", about)
                .query("entries", "`delete`: deletes its entries with it.", one_of(["delete"]))
                .deletes::<JobBody<'_>>()
                .may(&[Code::JobHasEntries])
        }),
    ]
}
