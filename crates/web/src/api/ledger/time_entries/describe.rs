//! What the time entry endpoints say of themselves.

use serde_json::Value;
use stint_domain::access::Scope;

use super::{TimeEntryBody, TimeEntryInput, TimeEntryOfJobInput, TimeEntryPatch};
use crate::media::Media;
use crate::openapi::{Described, Example, date, name, uuid};
use crate::problem::Code;

pub(crate) const TAG: &str = "Time entries";
const REPRESENTATION: &[&str] = &["ETag"];

pub(crate) fn example() -> Value {
    let mut example = TimeEntryInput::example();
    example["id"] = "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f".into();
    example["created_by"] = "ada".into();
    example["created_at"] = "2026-01-02T17:30:00.000000Z".into();
    example["updated_at"] = "2026-01-02T17:30:00.000000Z".into();
    example
}

fn filtered(described: Described) -> Described {
    described
        .query("from", "Only entries of this date or later.", date())
        .query("to", "Only entries of this date or earlier.", date())
        .query("created_by", "Only entries that this subject logged.", name())
        .paged()
        .answers_pages::<TimeEntryBody<'_>>("A page of entries.", &example())
}

pub(crate) fn list() -> Described {
    let about = "Across jobs, latest date first. Pages are stable while others log time.";
    let described = Described::new(TAG, "list_time_entries", "List time entries", about).needs(Scope::Read).query(
        "related_job",
        "Only entries of this job.",
        uuid(),
    );
    filtered(described)
}

pub(crate) fn list_of_job() -> Described {
    let about = "Latest date first. Pages are stable while others log time.";
    let described = Described::new(TAG, "list_time_entries_of_job", "List a job's time entries", about)
        .needs(Scope::Read)
        .id_of("job")
        .may(&[Code::NotFound]);
    filtered(described)
}

pub(crate) fn record() -> Described {
    let about = "Logs time on the job of the URL; its total grows at once. `created_by` is the token's subject.";
    Described::new(TAG, "record_time", "Log time", about)
        .needs(Scope::Write)
        .id_of("job")
        .idempotent()
        .takes::<TimeEntryOfJobInput>(Media::Json)
        .answers::<TimeEntryBody<'_>>(201, "The entry.", &["ETag", "Location", "Idempotency-Replayed"], example())
        .may(&[Code::NotFound, Code::JobArchived])
}

pub(crate) fn read() -> Described {
    Described::new(TAG, "read_time_entry", "Read a time entry", "As of its last committed write.")
        .needs(Scope::Read)
        .id_of("time entry")
        .conditional_read()
        .answers::<TimeEntryBody<'_>>(200, "The entry.", REPRESENTATION, example())
        .may(&[Code::NotFound])
}

pub(crate) fn put() -> Described {
    let about = "Creates the entry with your id, or replaces what can be changed of the one that is there.";
    Described::new(TAG, "put_time_entry", "Create or replace a time entry", about)
        .needs(Scope::Write)
        .id_of("time entry")
        .conditional_write()
        .takes::<TimeEntryInput>(Media::Json)
        .answers::<TimeEntryBody<'_>>(200, "The entry, replaced.", REPRESENTATION, example())
        .or_unseen(REPRESENTATION)
        .answers::<TimeEntryBody<'_>>(201, "The entry, created.", &["ETag", "Location"], example())
        .may(&[Code::UnknownJob, Code::JobArchived])
}

pub(crate) fn patch() -> Described {
    let about = "JSON Merge Patch (RFC 7396): what is absent stays. Another `related_job` moves the entry: both totals \
                 change at once.";
    Described::new(TAG, "patch_time_entry", "Change a time entry", about)
        .needs(Scope::Write)
        .id_of("time entry")
        .conditional_write()
        .takes::<TimeEntryPatch>(Media::MergePatch)
        .answers::<TimeEntryBody<'_>>(200, "The entry, changed.", REPRESENTATION, example())
        .or_unseen(REPRESENTATION)
        .may(&[Code::NotFound, Code::UnknownJob, Code::JobArchived])
}

pub(crate) fn delete() -> Described {
    Described::new(TAG, "delete_time_entry", "Delete a time entry", "The job's total shrinks at once.")
        .needs(Scope::Write)
        .id_of("time entry")
        .conditional_write()
        .empty(204, "It is deleted.", &[])
        .may(&[Code::NotFound, Code::JobArchived])
}
