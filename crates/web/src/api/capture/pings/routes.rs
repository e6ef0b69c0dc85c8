//! The routes to pings that came in, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{PingBody, list, read, retract};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented, one_of, uuid};
use crate::problem::Code;

const TAG: &str = "Pings";

impl Documented for PingBody<'_> {
    const NOUN: &'static str = "ping";
    const HAS_ETAG: bool = false;

    fn example() -> Value {
        json!({
            "id": "01890a60-1c2d-7e3f-8a4b-5c6d7e8f9a0b",
            "token": "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f",
            "related_job": "01890a5d-ac96-774b-bcce-b302099a8057",
            "status": "logged",
            "time_entry": "5b1f7c7e-8e0a-5c5d-9a53-6f3f0a1d2c4e",
            "reason": null,
            "at": "2026-01-02T09:00:00.000000Z",
            "minutes": null,
            "summary": null,
            "received_at": "2026-01-02T09:00:00.004000Z",
            "logged_at": "2026-01-02T09:00:00.350000Z",
        })
    }
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const PING: &str = "/api/v1/pings/{id}";
    vec![
        Endpoint::new(Method::GET, "/api/v1/pings", list, || {
            let about = "Latest first. Of the queued pings, the newest 1,000 are listed among the others; the rest \
                         appear once they are logged or ignored. A ping keeps its place when it is logged, so that no \
                         page repeats it. While the queue is down, listings that may have queued pings are 503.";
            Described::new(TAG, "list_pings", "List pings and what became of them", about)
                .query("token", "Only pings of this capture token: its id, not its secret.", uuid())
                .query(
                    "related_job",
                    "Only pings for this job. A queued ping that names a project has no job yet.",
                    uuid(),
                )
                .query("status", "Only pings in this state.", one_of(["queued", "logged", "ignored", "retracted"]))
                .lists::<PingBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::GET, PING, read, || {
            let about = "A queued ping is found if it is among the newest 1,000 in the queue.";
            Described::new(TAG, "read_ping", "Read a ping and what became of it", about)
                .reads::<PingBody<'_>>()
                .or_own()
        }),
        Endpoint::new(Method::DELETE, PING, retract, || {
            let about = "Its time is taken away. It stays in listings as `retracted`, and repeats of it no longer \
                         count. Retracting it again has no effect. A ping that is still queued is refused.";
            Described::new(TAG, "retract_ping", "Take back a ping", about).deletes::<PingBody<'_>>().or_own().may(&[
                Code::PingQueued,
                Code::JobArchived,
                Code::EntryDetached,
            ])
        }),
    ]
}
