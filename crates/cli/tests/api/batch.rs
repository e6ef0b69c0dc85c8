//! Many entries in one request: all or none, or each by itself.

use serde_json::{Value, json};

use super::ledger::{TODAY, chosen_id, entry_of, id, text};
use super::service::{Service, on_both_databases};

on_both_databases!(
    an_atomic_batch_is_stored_whole_in_its_order,
    an_atomic_batch_with_a_refused_item_stores_nothing_and_points_at_it,
    per_item_stores_what_can_be_stored_and_tells_each_item_its_own,
    a_bad_item_spoils_an_atomic_batch_and_only_itself_per_item,
    a_thousand_items_are_taken_and_one_more_is_not,
    a_batch_with_a_key_is_stored_once_and_replayed_whole,
);

const BATCH: &str = "/time-entries/batch";

async fn an_atomic_batch_is_stored_whole_in_its_order(service: Service) {
    let api = &service.api;
    let (a, b) = (api.new_job("A").await, api.new_job("B").await);
    let items = [entry_of(&a, 10), entry_of(&b, 20), entry_of(&a, 30), entry_of(&a, 10)];
    let answer = api.post(BATCH, &json!({ "mode": "atomic", "items": items })).await.expect(201).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), items.len());
    for (result, item) in results.iter().zip(&items) {
        assert_eq!(result["status"], 201);
        let entry = &result["time_entry"];
        for (field, value) in item.as_object().unwrap() {
            assert_eq!(&entry[field], value);
        }
        assert_eq!(&api.get(format!("/time-entries/{}", id(entry))).await.expect(200).json(), entry);
    }
    assert_eq!((api.total(&a).await, api.total(&b).await), (50, 20));
    assert_eq!(api.all("/time-entries").await.len(), 4);
}

async fn an_atomic_batch_with_a_refused_item_stores_nothing_and_points_at_it(service: Service) {
    let api = &service.api;
    let (job, archived) = (api.new_job("A").await, api.new_job("Archived").await);
    api.patch(format!("/jobs/{archived}"), &json!({ "status": "archived" })).await.expect(200);
    let (before, nowhere) = (api.get(format!("/jobs/{job}")).await, chosen_id());
    for (refused, status) in [(&nowhere, 422), (&archived, 409)] {
        let items = json!([entry_of(&job, 1), entry_of(refused, 2), entry_of(&job, 3)]);
        let problem = api.post(BATCH, &json!({ "mode": "atomic", "items": items })).await.expect(status).problem();
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/items/1/related_job", "{problem}");
        assert!(text(&problem["errors"][0], "detail").contains(refused.as_str()), "{problem}");
    }
    assert_eq!(api.get(format!("/jobs/{job}")).await.text(), before.text());
    assert_eq!(api.all("/time-entries").await, Vec::<Value>::new());
}

async fn per_item_stores_what_can_be_stored_and_tells_each_item_its_own(service: Service) {
    let api = &service.api;
    let (job, archived) = (api.new_job("A").await, api.new_job("Archived").await);
    api.patch(format!("/jobs/{archived}"), &json!({ "status": "archived" })).await.expect(200);
    let nowhere = chosen_id();
    let items = json!([entry_of(&job, 1), entry_of(&nowhere, 2), entry_of(&archived, 4), entry_of(&job, 8)]);
    let answer = api.post(BATCH, &json!({ "mode": "per_item", "items": items })).await.expect(207).json();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 409, 201]);
    assert_eq!(results[2]["problem"]["code"], "job-archived");
    for (result, job) in [(&results[1], &nowhere), (&results[2], &archived)] {
        assert!(result.get("time_entry").is_none(), "{result}");
        assert_eq!(result["problem"]["status"], result["status"]);
        assert!(result["problem"].to_string().contains(job.as_str()), "{result}");
    }
    assert_eq!(results[3]["time_entry"]["minutes_worked"], 8);
    assert_eq!((api.total(&job).await, api.total(&archived).await), (9, 0));
    assert_eq!(api.all("/time-entries").await.len(), 2);
}

async fn a_bad_item_spoils_an_atomic_batch_and_only_itself_per_item(service: Service) {
    let api = &service.api;
    let job = api.new_job("A").await;
    let items = json!([
        entry_of(&job, 5),
        { "related_job": job, "minutes_worked": 0, "date_stamp": "2026-02-30", "work_summary": "x" },
        { "related_job": "job", "minutes_worked": 1, "date_stamp": TODAY, "work_summary": "x" },
    ]);
    let problem = api.post(BATCH, &json!({ "mode": "atomic", "items": items })).await.expect(422).problem();
    let mut pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| text(e, "pointer")).collect();
    pointers.sort();
    assert_eq!(pointers, ["/items/1/date_stamp", "/items/1/minutes_worked", "/items/2/related_job"]);
    assert_eq!(api.total(&job).await, 0);

    let answer = api.post(BATCH, &json!({ "mode": "per_item", "items": items })).await.expect(207).json();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 422]);
    assert_eq!(results[1]["problem"]["errors"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(api.total(&job).await, 5);
}

async fn a_thousand_items_are_taken_and_one_more_is_not(service: Service) {
    let api = &service.api;
    let job = api.new_job("A").await;
    let items = |count: usize| vec![entry_of(&job, 1); count];
    for mode in ["atomic", "per_item"] {
        let problem = api.post(BATCH, &json!({ "mode": mode, "items": items(1001) })).await.expect(422).problem();
        assert_eq!(problem["errors"][0]["pointer"], "/items", "{problem}");
    }
    assert_eq!(api.total(&job).await, 0);
    let answer = api.post(BATCH, &json!({ "mode": "atomic", "items": items(1000) })).await.expect(201).json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1000);
    let answer = api.post(BATCH, &json!({ "mode": "per_item", "items": items(1000) })).await.expect(207).json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1000);
    assert_eq!(api.total(&job).await, 2000);
    assert_eq!(api.all("/time-entries?limit=200").await.len(), 2000);
}

async fn a_batch_with_a_key_is_stored_once_and_replayed_whole(service: Service) {
    let api = &service.api;
    let job = api.new_job("A").await;
    let items = json!([entry_of(&job, 1), entry_of(&chosen_id(), 2), entry_of(&job, 4)]);
    let batch = json!({ "mode": "per_item", "items": items });
    let send = |batch: &Value| api.post(BATCH, batch).header("idempotency-key", "monday");
    let first = send(&batch).await.expect(207);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = send(&batch).await.expect(207);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.text(), first.text());
    send(&json!({ "mode": "atomic", "items": items })).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(api.total(&job).await, 5);
}
