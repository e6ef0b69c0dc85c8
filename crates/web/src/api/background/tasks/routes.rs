//! The route to runs of tasks, and what the document says of it.

use actix_web::http::Method;
use serde_json::json;
use stint_domain::access::Scope;
use stint_domain::background::ports::task::TaskState;

use super::{TaskRunBody, list};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, name, one_of};

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![Endpoint::new(Method::GET, "/api/v1/tasks", list, || {
        let example = json!({
            "id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "task": "prune-pings",
            "due": "2026-01-02T03:00:00.000000Z",
            "attempt": 1,
            "state": "succeeded",
            "detail": "pruned 12 pings",
            "instance": "worker-1",
            "started_at": "2026-01-02T03:00:00.012000Z",
            "until": "2026-01-02T03:10:00.012000Z",
            "ended_at": "2026-01-02T03:00:01.500000Z",
        });
        Described::new("Tasks", "list_tasks", "List runs of background tasks", "Latest first.")
            .needs(Scope::Read)
            .query("task", "Only runs of this task.", name())
            .query("state", "Only runs in this state.", one_of(TaskState::ALL.map(TaskState::as_str)))
            .pages::<TaskRunBody<'_>>(&example)
    })]
}
