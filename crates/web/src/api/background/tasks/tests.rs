//! The task endpoint against a mocked port.

use stint_domain::Page;
use stint_domain::background::ports::task::TaskRunCursor;
use uuid::Uuid;

use crate::test::{Ports, at, by, send};

use super::*;

fn run() -> TaskRun {
    TaskRun {
        id: TaskRunId::new(Uuid::from_u128(6)),
        task: "prune".to_owned(),
        due: at(),
        attempt: 2,
        instance: "worker-1".to_owned(),
        started_at: at(),
        until: at(),
        ended_at: None,
        state: TaskState::Running,
        detail: String::new(),
    }
}

#[actix_web::test]
async fn runs_are_listed_by_task_and_state_in_pages() {
    let mut ports = Ports::new();
    ports
        .tasks
        .expect_list()
        .withf(|query| {
            query.task.as_deref() == Some("prune") && query.state == Some(TaskState::Running) && query.size.get() == 1
        })
        .returning(|query| {
            let next = query.after.is_none().then(|| TaskRunCursor::from(&run()));
            Ok(Page { items: vec![run()], next })
        });
    let api = ports.api();
    let url = "/api/v1/tasks?task=prune&state=running&limit=1";
    let first = send(&api, by("r", "GET", url)).await;
    let page = first.json();
    assert_eq!((first.status.as_u16(), page["items"][0]["attempt"].as_u64()), (200, Some(2)));
    assert!(page["items"][0]["ended_at"].is_null());
    let cursor = page["next_cursor"].as_str().unwrap();
    let second = send(&api, by("r", "GET", &format!("{url}&cursor={cursor}"))).await;
    assert!(second.json()["next_cursor"].is_null());
}

#[actix_web::test]
async fn bad_filters_are_told_at_once_and_the_scope_is_read() {
    let api = Ports::new().api();
    let reply = send(&api, by("r", "GET", "/api/v1/tasks?task=%00&state=lost&limit=0&cursor=x&job=1")).await;
    assert_eq!(reply.places(), ["job", "task", "state", "limit", "cursor"]);
    assert_eq!(send(&api, by("w", "GET", "/api/v1/tasks")).await.code(), "forbidden");
}
