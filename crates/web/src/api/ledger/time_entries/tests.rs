//! The time entry endpoints against a mocked port.

use serde_json::json;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, RecordRefusal, RecordTimeError, TimeEntryCursor};
use stint_domain::ledger::{Applied, Precondition, PreconditionFailed};
use stint_domain::{BackendErrorKind, Page};

use super::*;
use crate::test::{ENTRY, JOB, Ports, by, entry, failure, job, send, sent};

const ENTRY_URL: &str = "/api/v1/time-entries/00000000-0000-0000-0000-000000000007";
const OF_JOB_URL: &str = "/api/v1/jobs/00000000-0000-0000-0000-000000000005/time-entries";

fn work() -> serde_json::Value {
    json!({ "minutes_worked": 90, "date_stamp": "2026-01-02", "work_summary": "read" })
}

fn whole() -> serde_json::Value {
    json!({ "related_job": JOB, "minutes_worked": 90, "date_stamp": "2026-01-02" })
}

#[actix_web::test]
async fn logged_time_is_told_in_the_order_of_the_design_with_its_url_and_tag() {
    let api = Ports::time_entries(|entries| {
        entries
            .expect_record()
            .withf(|c| c.entry.related_job == job().id && c.entry.minutes_worked.get() == 90)
            .return_once(|_| Ok(Applied::now(entry())));
    });
    let reply = send(&api, sent("POST", OF_JOB_URL, work())).await;
    assert_eq!((reply.status.as_u16(), reply.header("location"), reply.header("etag")), (201, ENTRY_URL, "\"18\""));
    let expected = format!(
        r#"{{"id":"{ENTRY}","related_job":"{JOB}","minutes_worked":90,"date_stamp":"2026-01-02","work_summary":"read \"papers\"\n","created_by":"ada","created_at":"2023-11-14T22:13:20.000000Z","updated_at":"2023-11-14T22:13:20.000000Z"}}"#
    );
    assert_eq!(std::str::from_utf8(&reply.body).unwrap(), expected);
}

#[actix_web::test]
async fn a_repeat_of_logging_gets_the_first_answer_and_another_body_is_refused() {
    let api = Ports::time_entries(|entries| {
        entries.expect_record().times(1).return_once(|_| Ok(Applied::earlier(entry())));
        entries.expect_record().return_once(|_| Err(RecordTimeError::KeyReused));
    });
    let request = || sent("POST", OF_JOB_URL, work()).insert_header(("Idempotency-Key", "k"));
    let reply = send(&api, request()).await;
    assert_eq!((reply.status.as_u16(), reply.header("idempotency-replayed")), (201, "true"));
    assert_eq!((reply.header("location"), reply.header("etag")), (ENTRY_URL, "\"18\""));
    assert_eq!(send(&api, request()).await.code(), "idempotency-key-reused");
}

#[actix_web::test]
async fn an_unknown_job_is_404_in_the_url_and_422_in_the_body() {
    let api = Ports::time_entries(|entries| {
        entries.expect_record().returning(|c| Err(RecordRefusal::JobNotFound(c.entry.related_job).into()));
        entries.expect_put().returning(|c| Err(ChangeTimeEntryError::JobNotFound(c.entry.related_job)));
        entries.expect_update().returning(|c| Err(ChangeTimeEntryError::JobNotFound(c.changes.related_job.unwrap())));
    });
    let reply = send(&api, sent("POST", OF_JOB_URL, work())).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
    let moved = json!({ "related_job": JOB });
    for request in [sent("PUT", ENTRY_URL, whole()), sent("PATCH", ENTRY_URL, moved)] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "unknown-job"));
        assert_eq!(reply.places(), ["/related_job"]);
        assert_eq!(reply.json()["detail"], format!("there is no job {JOB}"));
    }
}

#[actix_web::test]
async fn an_archived_job_is_a_conflict_for_every_write() {
    let api = Ports::time_entries(|entries| {
        entries.expect_record().returning(|c| Err(RecordRefusal::JobArchived(c.entry.related_job).into()));
        entries.expect_put().returning(|c| Err(ChangeTimeEntryError::JobArchived(c.entry.related_job)));
        entries.expect_update().returning(|_| Err(ChangeTimeEntryError::JobArchived(job().id)));
        entries.expect_delete().returning(|_| Err(ChangeTimeEntryError::JobArchived(job().id)));
    });
    for request in [
        sent("POST", OF_JOB_URL, work()),
        sent("PUT", ENTRY_URL, whole()),
        sent("PATCH", ENTRY_URL, "{}"),
        by("a", "DELETE", ENTRY_URL),
    ] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "job-archived"));
        assert!(reply.json()["detail"].as_str().unwrap().contains(JOB));
    }
}

#[actix_web::test]
async fn every_bad_field_of_an_entry_is_told_at_once() {
    let api = Ports::new().api();
    let bad = json!({
        "related_job": "5", "minutes_worked": 30.5, "date_stamp": "2026-02-29", "work_summary": "a\u{0}",
        "created_by": "e v e", "id": ENTRY,
    });
    let all = ["/related_job", "/minutes_worked", "/date_stamp", "/work_summary", "/created_by", "/id"];
    for method in ["PUT", "PATCH"] {
        assert_eq!(send(&api, sent(method, ENTRY_URL, &bad)).await.places(), all, "{method}");
    }
    // At the job's URL the job is not a field.
    let reply = send(&api, sent("POST", OF_JOB_URL, &bad)).await;
    let places = ["/minutes_worked", "/date_stamp", "/work_summary", "/created_by", "/id", "/related_job"];
    assert_eq!(reply.places(), places);
    let reply = send(&api, sent("PUT", ENTRY_URL, "{}")).await;
    assert_eq!(reply.places(), ["/related_job", "/minutes_worked", "/date_stamp"]);
}

#[actix_web::test]
async fn a_patch_changes_the_named_fields_alone_and_null_empties_the_summary() {
    let api = Ports::time_entries(|entries| {
        entries
            .expect_update()
            .withf(|c| {
                let emptied = TimeEntryChanges { work_summary: Some(WorkSummary::default()), ..Default::default() };
                c.changes == emptied && c.precondition == Precondition::Exists
            })
            .return_once(|_| Ok(entry()));
    });
    let request = sent("PATCH", ENTRY_URL, json!({ "work_summary": null })).insert_header(("If-Match", "*"));
    assert_eq!(send(&api, request).await.status, 200);
    let reply = send(&api, sent("PATCH", ENTRY_URL, json!({ "minutes_worked": null }))).await;
    assert_eq!(reply.places(), ["/minutes_worked"]);
}

#[actix_web::test]
async fn put_read_and_delete_answer_as_the_port_does() {
    let api = Ports::time_entries(|entries| {
        entries.expect_put().times(1).return_once(|_| Ok(Put::Created(entry())));
        entries.expect_put().return_once(|_| Ok(Put::Replaced(entry())));
        entries.expect_find().times(3).returning(|_| Ok(Some(entry())));
        entries.expect_find().returning(|_| Ok(None));
        entries.expect_delete().times(1).return_once(|_| Ok(()));
        entries.expect_delete().returning(|c| Err(ChangeTimeEntryError::NotFound(c.id)));
        entries.expect_update().returning(|c| Err(ChangeTimeEntryError::NotFound(c.id)));
    });
    let reply = send(&api, sent("PUT", ENTRY_URL, whole())).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (201, ENTRY_URL));
    let reply = send(&api, sent("PUT", ENTRY_URL, whole())).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (200, ""));
    assert_eq!(send(&api, by("r", "GET", ENTRY_URL)).await.header("etag"), "\"18\"");
    assert_eq!(send(&api, by("r", "HEAD", ENTRY_URL)).await.header("etag"), "\"18\"");
    assert_eq!(send(&api, by("r", "GET", ENTRY_URL).insert_header(("If-None-Match", "*"))).await.status, 304);
    assert_eq!(send(&api, by("w", "DELETE", ENTRY_URL)).await.status, 204);
    for request in [by("r", "GET", ENTRY_URL), sent("PATCH", ENTRY_URL, "{}"), by("w", "DELETE", ENTRY_URL)] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
        assert_eq!(reply.json()["detail"], format!("there is no time entry {ENTRY}"));
    }
}

#[actix_web::test]
async fn a_failed_precondition_of_an_entry_is_412() {
    let failed = || PreconditionFailed { current: Some(entry().version) };
    let api = Ports::time_entries(|entries| {
        entries.expect_put().returning(move |_| Err(failed().into()));
        entries.expect_update().returning(move |_| Err(failed().into()));
        entries.expect_delete().returning(move |_| Err(failed().into()));
    });
    for request in [sent("PUT", ENTRY_URL, whole()), sent("PATCH", ENTRY_URL, "{}"), by("w", "DELETE", ENTRY_URL)] {
        let reply = send(&api, request.insert_header(("If-Match", "\"1\""))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (412, "precondition-failed"));
        assert_eq!(reply.header("etag"), "\"18\"");
    }
}

#[actix_web::test]
async fn a_listing_takes_its_filters_and_pages_lead_to_each_other() {
    let api = Ports::time_entries(|entries| {
        entries.expect_list().returning(|query| {
            assert_eq!(query.related_job, Some(job().id));
            assert_eq!(query.created_by.as_ref().map(Subject::as_str), Some("ada"));
            assert_eq!(query.dates.from(), Some(entry().date_stamp));
            let next = query.after.is_none().then(|| TimeEntryCursor::from(&entry()));
            Ok(Page { items: vec![entry()], next })
        });
    });
    let filters = "from=2026-01-02&to=2026-01-02&created_by=ada&limit=1";
    for url in [format!("{TIME_ENTRIES}?related_job={JOB}&{filters}"), format!("{OF_JOB_URL}?{filters}")] {
        let first = send(&api, by("r", "GET", &url)).await;
        let next = first.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
        assert!(next.starts_with(&format!("{url}&cursor=")), "{next}");
        let last = send(&api, by("r", "GET", &next)).await;
        assert_eq!((last.status.as_u16(), &last.json()["next_cursor"]), (200, &serde_json::Value::Null));
        let elsewhere = next.replace(JOB, "00000000-0000-0000-0000-000000000006");
        assert_eq!(send(&api, by("r", "GET", &elsewhere)).await.places(), ["cursor"], "{url}");
    }
}

#[actix_web::test]
async fn every_bad_filter_is_named() {
    let api = Ports::new().api();
    for (query, places) in [
        ("from=2026-01-03&to=2026-01-02", vec!["from"]),
        ("from=2026-02-29&to=tomorrow", vec!["from", "to"]),
        ("related_job=5&created_by=&limit=1.5", vec!["related_job", "created_by", "limit"]),
        ("job=5", vec!["job"]),
    ] {
        let reply = send(&api, by("r", "GET", &format!("{TIME_ENTRIES}?{query}"))).await;
        assert_eq!((reply.status.as_u16(), reply.places()), (422, places.iter().map(ToString::to_string).collect()));
    }
    // At the job's URL the job is not a filter.
    let reply = send(&api, by("r", "GET", &format!("{OF_JOB_URL}?related_job={JOB}"))).await;
    assert_eq!(reply.places(), ["related_job"]);
}

#[actix_web::test]
async fn the_entries_of_a_job_that_there_is_not_are_404_and_those_of_an_empty_one_are_none() {
    for known in [true, false] {
        let mut ports = Ports::new();
        ports.time_entries.expect_list().returning(|_| Ok(Page { items: vec![], next: None }));
        ports.jobs.expect_find().returning(move |_| Ok(known.then(job)));
        let reply = send(&ports.api(), by("r", "GET", OF_JOB_URL)).await;
        if known {
            assert_eq!(&reply.body[..], br#"{"items":[],"next_cursor":null}"#);
        } else {
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not-found"));
        }
    }
}

#[actix_web::test]
async fn a_failing_backend_is_unavailable_for_every_operation_on_entries() {
    let kind = BackendErrorKind::Timeout;
    let api = Ports::time_entries(|entries| {
        entries.expect_record().returning(move |_| Err(failure(kind).into()));
        entries.expect_put().returning(move |_| Err(failure(kind).into()));
        entries.expect_update().returning(move |_| Err(failure(kind).into()));
        entries.expect_delete().returning(move |_| Err(failure(kind).into()));
        entries.expect_find().returning(move |_| Err(failure(kind)));
        entries.expect_list().returning(move |_| Err(failure(kind)));
    });
    for request in [
        sent("POST", OF_JOB_URL, work()),
        sent("PUT", ENTRY_URL, whole()),
        sent("PATCH", ENTRY_URL, "{}"),
        by("w", "DELETE", ENTRY_URL),
        by("r", "GET", ENTRY_URL),
        by("r", "GET", TIME_ENTRIES),
        by("r", "GET", OF_JOB_URL),
    ] {
        let reply = send(&api, request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"));
        assert_eq!(reply.header("retry-after"), "1");
    }
}
