//! Logging time for others: `created_by` in a body.

use serde_json::{Value, json};

use super::client::Client;
use super::ledger::{entry, entry_of, id};
use super::service::{Service, on_both_databases};

on_both_databases!(
    with_write_time_is_logged_for_an_active_person,
    a_batch_names_each_person_or_is_refused_as_a_whole,
    with_own_time_is_logged_for_nobody_else,
);

fn of(handle: &str, mut work: Value) -> Value {
    work["created_by"] = json!(handle);
    work
}

async fn person(api: &Client, handle: &str) -> String {
    let new = json!({ "handle": handle, "name": handle, "role": "member" });
    id(&api.post("/api/v1/people", &new).await.expect(201).json()["person"])
}

async fn with_write_time_is_logged_for_an_active_person(service: Service) {
    let (api, manager) = (&service.api, service.api.with_token(service.new_token("read,write", "grace")));
    let (job, ada) = (api.new_job("Research").await, person(api, "Ada").await);
    let entries = format!("/jobs/{job}/time-entries");
    // The handle as the person wrote it, whatever its case here.
    let logged = manager.post(&entries, &of("ADA", entry(30))).await.expect(201).json();
    assert_eq!(logged["created_by"], "Ada");
    assert_eq!(manager.post(&entries, &of("grace", entry(5))).await.expect(201).json()["created_by"], "grace");
    assert_eq!(manager.get("/time-entries?created_by=Ada").await.json()["items"].as_array().unwrap().len(), 1);
    api.patch(format!("/api/v1/people/{ada}"), &json!({ "status": "deactivated" })).await.expect(200);
    for nobody in ["ada", "eve"] {
        let refused = manager.post(&entries, &of(nobody, entry(30))).await;
        assert_eq!(refused.blamed(), ["/created_by"]);
        refused.expect_problem(422, "unknown-person");
    }
    let refused = manager.post(&entries, &of("a b", entry(30))).await;
    assert_eq!(refused.blamed(), ["/created_by"]);
    refused.expect_problem(422, "validation-failed");
    assert_eq!(api.total(&job).await, 35);
}

async fn a_batch_names_each_person_or_is_refused_as_a_whole(service: Service) {
    let (api, manager) = (&service.api, service.api.with_token(service.new_token("read,write", "grace")));
    let job = api.new_job("Research").await;
    person(api, "ada").await;
    let batch = |mode: &str, other: &str| {
        let items = [entry_of(&job, 1), of("ada", entry_of(&job, 2)), of(other, entry_of(&job, 4))];
        json!({ "mode": mode, "items": items })
    };
    let answer = manager.post("/time-entries/batch", &batch("atomic", "ada")).await.expect(201).json();
    let authors: Vec<_> = (0..3).map(|at| answer["results"][at]["time_entry"]["created_by"].clone()).collect();
    assert_eq!(authors, ["grace", "ada", "ada"]);
    for mode in ["atomic", "per_item"] {
        let refused = manager.post("/time-entries/batch", &batch(mode, "eve")).await;
        assert_eq!(refused.blamed(), ["/items/2/created_by"]);
        refused.expect_problem(422, "unknown-person");
    }
    assert_eq!(api.total(&job).await, 7);
}

/// It does not learn who there is.
async fn with_own_time_is_logged_for_nobody_else(service: Service) {
    let (api, member) = (&service.api, service.api.with_token(service.new_token("own", "grace")));
    let job = api.new_job("Research").await;
    person(api, "ada").await;
    let entries = format!("/jobs/{job}/time-entries");
    assert_eq!(member.post(&entries, &of("Grace", entry(5))).await.expect(201).json()["created_by"], "grace");
    for other in ["ada", "eve"] {
        member.post(&entries, &of(other, entry(30))).await.expect_problem(403, "forbidden");
        let batch = json!({ "mode": "per_item", "items": [of(other, entry_of(&job, 1))] });
        member.post("/time-entries/batch", &batch).await.expect_problem(403, "forbidden");
    }
    assert_eq!(api.total(&job).await, 5);
}
