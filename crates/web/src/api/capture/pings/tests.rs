//! The endpoints for looking at pings against mocked ports.

use stint_domain::capture::ports::ping::{PingCursor, RetractPingError};
use stint_domain::capture::{Gap, LoggedPing, Ping, PingRefusal};
use stint_domain::values::Subject;
use stint_domain::{BackendErrorKind, Page};
use uuid::Uuid;

use super::*;
use crate::cursor;
use crate::test::{ENTRY, JOB, Ports, TOKEN, at, by, failure, send};

const PING: &str = "00000000-0000-0000-0000-000000000003";
const PING_URL: &str = "/api/v1/pings/00000000-0000-0000-0000-000000000003";

fn queued(number: u128) -> Ping {
    Ping {
        id: PingId::new(Uuid::from_u128(number)),
        token: TOKEN.parse().unwrap(),
        subject: Subject::new("ada").unwrap(),
        target: PingTarget::Job(JOB.parse().unwrap()),
        zone: "UTC".parse().unwrap(),
        gap: Gap::default(),
        at: at(),
        received_at: at(),
        minutes: Some(Minutes::new(30).unwrap()),
        summary: Some(WorkSummary::new("read").unwrap()),
    }
}

fn logged(number: u128, outcome: PingOutcome) -> LoggedPing {
    LoggedPing {
        id: PingId::new(Uuid::from_u128(number)),
        token: TOKEN.parse().unwrap(),
        related_job: Some(JOB.parse().unwrap()),
        at: at(),
        received_at: at(),
        minutes: None,
        summary: None,
        outcome,
        logged_at: at(),
    }
}

#[actix_web::test]
async fn while_the_queue_is_down_what_the_ledger_dealt_with_is_listed_all_the_same() {
    let mut ports = Ports::new();
    ports.queue.expect_waiting().times(3).returning(|_| Err(failure(BackendErrorKind::Unavailable)));
    ports.pings.expect_list().times(3).returning(|query| {
        let items = vec![logged(1, PingOutcome::Retracted)];
        let next = query.status.is_none().then(|| PingCursor::from(&items[0]));
        Ok(Page { items, next })
    });
    let api = ports.api();
    for query in ["status=logged", "status=ignored", "status=retracted"] {
        let reply = send(&api, by("r", "GET", &format!("/api/v1/pings?{query}"))).await;
        assert_eq!((reply.status.as_u16(), reply.json()["items"].as_array().unwrap().len()), (200, 1), "{query}");
    }
    let cursor = cursor::write(&PingCursor { received_at: at(), id: PING.parse().unwrap() }, "");
    for query in ["", "?status=queued", &format!("?cursor={cursor}")] {
        let reply = send(&api, by("r", "GET", &format!("/api/v1/pings{query}"))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"), "{query}");
    }
}

#[actix_web::test]
async fn what_came_in_is_listed_with_what_became_of_it() {
    let mut ports = Ports::new();
    ports.queue.expect_waiting().returning(|_| Ok(vec![queued(4)]));
    ports.pings.expect_list().returning(|query| {
        let items = vec![
            logged(3, PingOutcome::Logged(ENTRY.parse().unwrap())),
            logged(2, PingOutcome::Ignored(PingRefusal::JobArchived)),
            logged(1, PingOutcome::Retracted),
        ];
        let items = items.into_iter().filter(|ping| query.after.is_none_or(|after| ping.id < after.id)).collect();
        Ok(Page::of(items, query.size, |ping| ping.into()))
    });
    let api = ports.api();
    let reply = send(&api, by("r", "GET", "/api/v1/pings")).await;
    let page = reply.json();
    let told = |name: &str| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item[name].as_str().unwrap_or("null").to_owned()).collect()
    };
    assert_eq!(told("status"), ["queued", "logged", "ignored", "retracted"]);
    assert_eq!(told("time_entry"), ["null", ENTRY, "null", "null"]);
    assert_eq!(told("reason"), ["null", "null", "job-archived", "null"]);
    assert_eq!((page["items"][0]["minutes"].as_u64(), &page["items"][0]["summary"]), (Some(30), &"read".into()));
    assert!(page["items"][0]["logged_at"].is_null() && page["items"][1]["logged_at"].is_string());
    assert!(page["next_cursor"].is_null());
    let reply = send(&api, by("r", "GET", "/api/v1/pings?limit=2")).await;
    let next = format!("/api/v1/pings?limit=2&cursor={}", reply.json()["next_cursor"].as_str().unwrap());
    assert_eq!(reply.header("link"), format!("<{next}>; rel=\"next\""));
    let rest = send(&api, by("r", "GET", &next)).await.json();
    assert_eq!((&rest["items"][0]["status"], &rest["items"][1]["status"]), (&"ignored".into(), &"retracted".into()));
}

#[actix_web::test]
async fn filters_reach_the_port_and_bad_ones_are_told_at_once() {
    let mut ports = Ports::new();
    ports
        .pings
        .expect_list()
        .withf(|query| {
            query.token == Some(TOKEN.parse().unwrap())
                && query.related_job == Some(JOB.parse().unwrap())
                && query.status == Some(PingStatus::Ignored)
        })
        .returning(|_| Ok(Page { items: vec![], next: None }));
    let url = format!("/api/v1/pings?token={TOKEN}&related_job={JOB}&status=ignored");
    assert_eq!(send(&ports.api(), by("r", "GET", &url)).await.status, 200);
    let bad = "/api/v1/pings?token=x&related_job=x&status=lost&limit=0&cursor=x&project=p";
    let reply = send(&Ports::new().api(), by("r", "GET", bad)).await;
    assert_eq!(reply.places(), ["project", "token", "related_job", "status", "limit", "cursor"]);
}

#[actix_web::test]
async fn a_ping_is_read_wherever_it_is() {
    for (in_ledger, in_queue, status) in [(true, false, "logged"), (false, true, "queued"), (false, false, "")] {
        let mut ports = Ports::new();
        let entry = PingOutcome::Logged(ENTRY.parse().unwrap());
        ports.pings.expect_find().returning(move |_| Ok(Some(logged(3, entry)).filter(|_| in_ledger)));
        ports.queue.expect_waiting().returning(move |_| Ok(if in_queue { vec![queued(3)] } else { vec![] }));
        let reply = send(&ports.api(), by("r", "GET", PING_URL)).await;
        if status.is_empty() {
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
            assert_eq!(reply.json()["detail"], "there is no ping with this id");
        } else {
            assert_eq!((&reply.json()["id"], &reply.json()["status"]), (&PING.into(), &status.into()));
        }
    }
}

#[actix_web::test]
async fn a_ping_is_taken_back_or_it_is_said_why_not() {
    let retracting = |answer: fn(PingId) -> Result<(), RetractPingError>, in_queue: bool| {
        let mut ports = Ports::new();
        ports.pings.expect_retract().returning(move |command| answer(command.id));
        ports.queue.expect_waiting().returning(move |_| Ok(if in_queue { vec![queued(3)] } else { vec![] }));
        let api = ports.api();
        async move { send(&api, by("w", "DELETE", PING_URL)).await }
    };
    let reply = retracting(|_| Ok(()), false).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    let missing = |id| Err(RetractPingError::NotFound(id));
    assert_eq!(retracting(missing, false).await.code(), "not-found");
    let reply = retracting(missing, true).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "ping-queued"));
    assert_eq!(reply.json()["detail"], format!("the ping {PING} is queued still; try again in a moment"));
    let archived = |_| Err(RetractPingError::JobArchived(JOB.parse().unwrap()));
    let reply = retracting(archived, false).await;
    assert_eq!((reply.code().as_str(), &reply.json()["detail"]), ("job-archived", &"the job is archived".into()));
    let detached = |_| Err(RetractPingError::EntryDetached(ENTRY.parse().unwrap()));
    let reply = retracting(detached, false).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "entry-detached"));
    assert_eq!(reply.json()["detail"], "the time entry was changed by hand");
}

#[actix_web::test]
async fn the_entry_and_the_job_of_a_ping_are_named_to_who_may_read() {
    for (refusal, named) in [
        (RetractPingError::JobArchived(JOB.parse().unwrap()), JOB),
        (RetractPingError::EntryDetached(ENTRY.parse().unwrap()), ENTRY),
    ] {
        for (kind, sees) in [("w", false), ("a", true)] {
            let (mut ports, refusal) = (Ports::new(), refusal.clone());
            ports.pings.expect_retract().returning(move |_| Err(refusal.clone()));
            let reply = send(&ports.api(), by(kind, "DELETE", PING_URL)).await;
            assert_eq!(reply.json()["detail"].as_str().unwrap().contains(named), sees, "{named} for {kind}");
        }
    }
}

#[actix_web::test]
async fn looking_needs_read_and_taking_back_write() {
    let api = Ports::new().api();
    for (kind, method, url) in [("w", "GET", "/api/v1/pings"), ("w", "GET", PING_URL), ("r", "DELETE", PING_URL)] {
        assert_eq!(send(&api, by(kind, method, url)).await.code(), "forbidden", "{method} {url}");
    }
    // The secret of a token that sends pings is unknown elsewhere.
    let sender = crate::test::TestRequest::with_uri("/api/v1/pings")
        .insert_header(("Authorization", format!("Bearer {}", crate::test::capture_secret('b'))));
    assert_eq!(send(&api, sender).await.code(), "unauthorized");
}
