//! The batch endpoint against a mocked port.

use serde_json::{Value, json};
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::time_entry::{RecordBatchError, RecordRefusal};
use stint_domain::values::JobId;

use super::*;
use crate::test::{JOB, Ports, at, by, failure, send, sent};

const URL: &str = "/api/v1/time-entries/batch";

fn item(minutes: impl Into<Value>) -> Value {
    json!({ "related_job": JOB, "minutes_worked": minutes.into(), "date_stamp": "2026-01-02" })
}

fn batch(mode: &str, items: &[Value]) -> Value {
    json!({ "mode": mode, "items": items })
}

fn job() -> JobId {
    JOB.parse().unwrap()
}

#[actix_web::test]
async fn a_batch_per_item_has_one_result_per_item_in_their_order() {
    let api = Ports::time_entries(|entries| {
        entries.expect_record_batch().return_once(|c| {
            assert_eq!(c.mode, BatchMode::PerItem);
            let minutes: Vec<u16> = c.entries.iter().map(|entry| entry.minutes_worked.get()).collect();
            assert_eq!(minutes, [10, 30, 50, 60], "the items that are valid, and only those");
            let refuse = |at: usize| match at {
                1 => Some(RecordRefusal::JobArchived(job())),
                2 => Some(RecordRefusal::JobNotFound(job())),
                _ => None,
            };
            let entries = c.entries.into_iter().enumerate();
            Ok(Applied::now(entries.map(|(n, entry)| refuse(n).map_or_else(|| Ok(entry.stored(c.at)), Err)).collect()))
        });
    });
    let items = [item(0), item(10), json!(7), item(30), item(50), item("50"), item(60)];
    let reply = send(&api, sent("POST", URL, batch("per_item", &items))).await;
    assert_eq!(reply.status, 207);
    let results = reply.json()["results"].clone();
    let told: Vec<(u64, &str)> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (result["status"].as_u64().unwrap(), result["problem"]["code"].as_str().unwrap_or("")))
        .collect();
    let invalid = (422, "validation-failed");
    let expected = [invalid, (201, ""), invalid, (409, "job-archived"), (422, "unknown-job"), invalid, (201, "")];
    assert_eq!(told, expected);
    assert_eq!(results[1]["time_entry"]["minutes_worked"], 10);
    assert_eq!(results[6]["time_entry"]["minutes_worked"], 60);
    assert_eq!(results[0]["problem"]["errors"][0]["pointer"], "/items/0/minutes_worked");
    assert_eq!(results[2]["problem"]["errors"][0]["pointer"], "/items/2");
    assert_eq!(results[3]["problem"]["errors"][0]["pointer"], "/items/3/related_job");
    assert_eq!(results[0]["problem"].get("request_id"), None, "a repeat with the same key gets the same answer");
}

#[actix_web::test]
async fn a_batch_per_item_without_a_valid_item_asks_nobody() {
    let reply = send(&Ports::new().api(), sent("POST", URL, batch("per_item", &[item(0), item(-1)]))).await;
    assert_eq!((reply.status.as_u16(), reply.json()["results"].as_array().unwrap().len()), (207, 2));
}

#[actix_web::test]
async fn a_key_is_remembered_even_when_no_item_is_valid() {
    let api = Ports::time_entries(|entries| {
        entries
            .expect_record_batch()
            .withf(|c| c.entries.is_empty() && c.idempotency.is_some())
            .return_once(|_| Ok(Applied::earlier(BatchOutcome::new())));
    });
    let request = sent("POST", URL, batch("per_item", &[item(0)])).insert_header(("Idempotency-Key", "k"));
    let reply = send(&api, request).await;
    assert_eq!((reply.status.as_u16(), reply.header("idempotency-replayed")), (207, "true"));
}

#[actix_web::test]
async fn an_atomic_batch_is_stored_whole() {
    let api = Ports::time_entries(|entries| {
        entries
            .expect_record_batch()
            .withf(|c| c.mode == BatchMode::Atomic && c.idempotency.is_some())
            .return_once(|c| Ok(Applied::earlier(c.entries.into_iter().map(|entry| Ok(entry.stored(at()))).collect())));
    });
    let request = sent("POST", URL, batch("atomic", &[item(10), item(20)])).insert_header(("Idempotency-Key", "k"));
    let reply = send(&api, request).await;
    assert_eq!((reply.status.as_u16(), reply.header("idempotency-replayed")), (201, "true"));
    let results = reply.json()["results"].clone();
    assert_eq!([&results[0]["status"], &results[1]["status"]], [201, 201]);
    assert_eq!(results[1]["time_entry"]["minutes_worked"], 20);
}

#[actix_web::test]
async fn an_atomic_batch_with_invalid_items_is_one_problem_with_all_their_fields() {
    let items = [item(10), item(0), json!({ "related_job": "x", "date_stamp": "2026-01-02", "extra": 1 })];
    let reply = send(&Ports::new().api(), sent("POST", URL, batch("atomic", &items))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "validation-failed"));
    let expected = ["/items/1/minutes_worked", "/items/2/related_job", "/items/2/minutes_worked", "/items/2/extra"];
    assert_eq!(reply.places(), expected);
}

#[actix_web::test]
async fn a_refused_atomic_batch_is_one_problem_with_all_refusals() {
    for (refusal, status, code) in [
        (RecordRefusal::JobArchived(job()), 409, "job-archived"),
        (RecordRefusal::JobNotFound(job()), 422, "unknown-job"),
    ] {
        let api = Ports::time_entries(|entries| {
            let refusals = vec![(0, refusal), (2, RecordRefusal::JobNotFound(job()))];
            entries.expect_record_batch().return_once(|_| Err(RecordBatchError::Refused(refusals)));
        });
        let reply = send(&api, sent("POST", URL, batch("atomic", &[item(1), item(2), item(3)]))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code));
        assert_eq!(reply.places(), ["/items/0/related_job", "/items/2/related_job"]);
        assert_eq!(reply.json()["detail"], "2 of the items cannot be stored, so none was");
    }
}

#[actix_web::test]
async fn a_batch_has_a_mode_and_1_to_1000_items_in_either_mode() {
    let api = Ports::new().api();
    for mode in ["atomic", "per_item"] {
        for many in [0, 1001] {
            let reply = send(&api, sent("POST", URL, batch(mode, &vec![item(1); many]))).await;
            assert_eq!((reply.status.as_u16(), reply.places()), (422, vec!["/items".to_owned()]), "{mode} {many}");
        }
    }
    assert_eq!(send(&api, sent("POST", URL, "{}")).await.places(), ["/mode", "/items"]);
    let reply = send(&api, sent("POST", URL, json!({ "mode": "all", "items": {}, "dry_run": true }))).await;
    assert_eq!(reply.places(), ["/mode", "/items", "/dry_run"]);
}

#[actix_web::test]
async fn a_thousand_items_with_long_summaries_fit() {
    let api = Ports::time_entries(|entries| {
        entries
            .expect_record_batch()
            .return_once(|c| Ok(Applied::now(c.entries.into_iter().map(|entry| Ok(entry.stored(at()))).collect())));
    });
    let mut long = item(1);
    long["work_summary"] = "s".repeat(4000).into();
    let reply = send(&api, sent("POST", URL, batch("atomic", &vec![long; 1000]))).await;
    assert_eq!((reply.status.as_u16(), reply.json()["results"].as_array().unwrap().len()), (201, 1000));
}

#[actix_web::test]
async fn a_reused_key_a_failing_backend_and_another_method_are_problems() {
    let api = Ports::time_entries(|entries| {
        entries.expect_record_batch().times(1).return_once(|_| Err(RecordBatchError::KeyReused));
        entries.expect_record_batch().return_once(|_| Err(failure(BackendErrorKind::Unavailable).into()));
    });
    let request = || sent("POST", URL, batch("atomic", &[item(1)]));
    assert_eq!(send(&api, request()).await.code(), "idempotency-key-reused");
    assert_eq!(send(&api, request()).await.code(), "unavailable");
    let reply = send(&api, by("w", "DELETE", URL)).await;
    assert_eq!((reply.code().as_str(), reply.header("allow")), ("method-not-allowed", "POST"));
}
