//! The routes to time entries, and what the document says of them.

use actix_web::http::Method;
use serde_json::Value;

use super::{
    TIME_ENTRIES, TimeEntryBody, TimeEntryInput, TimeEntryOfJobInput, TimeEntryPatch, delete, list, list_of_job, patch,
    put, read, record,
};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented, Example, date, name, uuid};
use crate::problem::Code;

pub(crate) const TAG: &str = "Time entries";

impl Documented for TimeEntryBody<'_> {
    const NOUN: &'static str = "time entry";
    const HAS_ETAG: bool = true;

    fn example() -> Value {
        let mut example = TimeEntryInput::example();
        example["id"] = "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f".into();
        example["created_by"] = "ada".into();
        example["created_at"] = "2026-01-02T17:30:00.000000Z".into();
        example["updated_at"] = "2026-01-02T17:30:00.000000Z".into();
        example
    }
}

fn filtered(described: Described) -> Described {
    described
        .query("from", "Only entries of this date or later.", date())
        .query("to", "Only entries of this date or earlier.", date())
        .query("created_by", "Only entries that this subject logged.", name())
        .lists::<TimeEntryBody<'_>>()
        .or_own()
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const ENTRIES_OF_JOB: &str = "/api/v1/jobs/{id}/time-entries";
    const TIME_ENTRY: &str = "/api/v1/time-entries/{id}";
    vec![
        Endpoint::new(Method::GET, ENTRIES_OF_JOB, list_of_job, || {
            let about = "Latest date first. Pages are stable while others log time.";
            filtered(Described::new(TAG, "list_time_entries_of_job", "List a job's time entries", about))
        }),
        Endpoint::new(Method::POST, ENTRIES_OF_JOB, record, || {
            let about = "Logs time on the job of the URL; its total grows at once. It is the work of the token's \
                         subject, or of the active person whom `created_by` names.";
            Described::new(TAG, "record_time", "Log time", about)
                .creates::<TimeEntryOfJobInput, TimeEntryBody<'_>>()
                .or_own()
                .may(&[Code::UnknownPerson, Code::JobArchived])
        }),
        Endpoint::new(Method::GET, TIME_ENTRIES, list, || {
            let about = "Across jobs, latest date first. Pages are stable while others log time.";
            let described = Described::new(TAG, "list_time_entries", "List time entries", about);
            filtered(described.query("related_job", "Only entries of this job.", uuid()))
        }),
        Endpoint::new(Method::GET, TIME_ENTRY, read, || {
            Described::new(TAG, "read_time_entry", "Read a time entry", "As of its last committed write.")
                .reads::<TimeEntryBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::PUT, TIME_ENTRY, put, || {
            let about = "Creates the entry with your id, or replaces the changeable fields of an existing one. \
                         For a token with the scope `own`, an entry of somebody else is 404.";
            Described::new(TAG, "put_time_entry", "Create or replace a time entry", about)
                .puts::<TimeEntryInput, TimeEntryBody<'_>>()
                .or_own()
                .may(&[Code::NotFound, Code::UnknownJob, Code::JobArchived])
        }),
        Endpoint::new(Method::PATCH, TIME_ENTRY, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay. Another `related_job` moves the entry: both \
                         totals change at once.";
            Described::new(TAG, "patch_time_entry", "Change a time entry", about)
                .patches::<TimeEntryPatch, TimeEntryBody<'_>>()
                .or_own()
                .may(&[Code::UnknownJob, Code::JobArchived])
        }),
        Endpoint::new(Method::DELETE, TIME_ENTRY, delete, || {
            Described::new(TAG, "delete_time_entry", "Delete a time entry", "The job's total shrinks at once.")
                .deletes::<TimeEntryBody<'_>>()
                .or_own()
                .may(&[Code::JobArchived])
        }),
    ]
}
