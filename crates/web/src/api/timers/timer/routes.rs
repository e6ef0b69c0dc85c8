//! The routes to the timer, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};
use stint_domain::access::Scope;

use super::{
    StartTimerInput, StartedTimerBody, StopTimerInput, StoppedTimerBody, TIMER, TimerBody, TimerPatch, discard, patch,
    read, start, stop,
};
use crate::api::ledger::time_entries::TimeEntryBody;
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented};
use crate::problem::Code;

const TAG: &str = "Timer";

impl Documented for TimerBody<'_> {
    const NOUN: &'static str = "timer";
    const HAS_ETAG: bool = true;

    fn example() -> Value {
        json!({
            "id": "01890a5e-3d4f-7a6b-8c1d-2e3f4a5b6c7d",
            "related_job": "01890a5d-ac96-774b-bcce-b302099a8057",
            "work_summary": "Read the papers on keyset pages.",
            "started_at": "2026-01-02T09:00:00.000000Z",
        })
    }
}

fn stopped() -> Value {
    json!({
        "id": "01890a5e-3d4f-7a6b-8c1d-2e3f4a5b6c7d",
        "minutes": 90,
        "entries": [TimeEntryBody::example()],
    })
}

/// For people who may log time.
fn changing(described: Described) -> Described {
    described.needs(Scope::Write).or_own().may(&[Code::NotAPerson])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const START: &str = "/api/v1/timer/start";
    const STOP: &str = "/api/v1/timer/stop";
    vec![
        Endpoint::new(Method::GET, TIMER, read, || {
            Described::new(TAG, "read_timer", "Read your timer", "What you are doing now.")
                .reads::<TimerBody<'_>>()
                .or_own()
                .may(&[Code::NotAPerson])
                .empty(204, "No timer runs.")
        }),
        Endpoint::new(Method::PATCH, TIMER, patch, || {
            let about = "JSON Merge Patch (RFC 7396): absent fields stay.";
            Described::new(TAG, "patch_timer", "Change your running timer", about)
                .patches::<TimerPatch, TimerBody<'_>>()
                .or_own()
                .may(&[Code::NotAPerson, Code::NotFound, Code::UnknownJob, Code::JobArchived])
        }),
        Endpoint::new(Method::DELETE, TIMER, discard, || {
            Described::new(TAG, "discard_timer", "Discard your running timer", "Nothing is logged.")
                .deletes::<TimerBody<'_>>()
                .or_own()
                .may(&[Code::NotAPerson, Code::NotFound])
        }),
        Endpoint::new(Method::POST, START, start, || {
            let about = "A person has at most one running timer: one that runs ends where the new one starts, and its \
                         time is logged in the same transaction.";
            changing(Described::new(TAG, "start_timer", "Start a timer", about))
                .takes::<StartTimerInput>()
                .answers::<StartedTimerBody<'_>>(
                    201,
                    "The timer that runs now, and the one that ended.",
                    json!({ "timer": TimerBody::example(), "stopped": stopped() }),
                )
                .with_header("Location")
                .with_header("ETag")
                .may(&[Code::MalformedHeader, Code::UnknownJob, Code::JobArchived, Code::TimerNeedsStop])
        }),
        Endpoint::new(Method::POST, STOP, stop, || {
            let about = "Logs its time: whole minutes, rounded once, half up, and one entry per day of your time zone. A \
                         repeat for the same timer gets the same entries and logs nothing. After 24 hours `at` or \
                         `minutes` must tell when the work ended.";
            changing(Described::new(TAG, "stop_timer", "Stop a timer", about))
                .takes::<StopTimerInput>()
                .answers::<StoppedTimerBody<'_>>(200, "The timer's time.", stopped())
                .may(&[Code::NotFound, Code::UnknownJob, Code::JobArchived, Code::TimerNeedsEnd, Code::IdTaken])
        }),
    ]
}
