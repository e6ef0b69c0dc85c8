//! `Idempotency-Key`: a request that is sent twice happens once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::ledger::{chosen_id, entry, id};
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_repeat_gets_the_first_answer_and_changes_nothing,
    the_first_answer_is_given_even_when_the_entry_has_changed_since,
    a_key_with_another_body_or_path_is_refused,
    a_refused_request_does_not_use_up_its_key,
    keys_of_other_tokens_are_other_keys,
    a_key_may_be_any_printable_text_up_to_255_characters,
    twenty_racing_requests_with_one_key_make_one_entry,
    twenty_racing_requests_with_one_key_make_one_job,
);

async fn a_repeat_gets_the_first_answer_and_changes_nothing(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    for (target, body, key) in [
        ("/jobs".to_owned(), json!({ "name": "Twice" }), "job"),
        (format!("/jobs/{job}/time-entries"), entry(30), "entry"),
    ] {
        let send = || api.post(&target, &body).header("idempotency-key", key);
        let first = send().await.expect(201);
        assert_eq!(first.header("idempotency-replayed"), None);
        for _ in 0..2 {
            let again = send().await.expect(201);
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            assert_eq!(again.text(), first.text());
            for header in ["etag", "location", "content-type"] {
                assert_eq!(again.header(header), first.header(header));
            }
        }
    }
    assert_eq!(api.total(&job).await, 30);
    let (jobs, entries) = api.everything().await;
    assert_eq!((jobs.len(), entries.len()), (2, 1));
}

async fn the_first_answer_is_given_even_when_the_entry_has_changed_since(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let send = || api.post(format!("/jobs/{job}/time-entries"), &entry(30)).header("idempotency-key", "k");
    let first = send().await.expect(201);
    let target = format!("/time-entries/{}", id(&first.json()));
    api.patch(&target, &json!({ "minutes_worked": 31 })).await.expect(200);
    assert_eq!(send().await.expect(201).text(), first.text());
    api.delete(&target).await.expect(204);
    assert_eq!(send().await.expect(201).text(), first.text());
    api.patch(format!("/jobs/{job}"), &json!({ "status": "archived" })).await.expect(200);
    assert_eq!(send().await.expect(201).text(), first.text());
    assert_eq!(api.total(&job).await, 0);
    api.get(&target).await.expect(404);
}

async fn a_key_with_another_body_or_path_is_refused(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Research").await, api.new_job("Other").await);
    let target = format!("/jobs/{job}/time-entries");
    api.post(&target, &entry(30)).header("idempotency-key", "k").await.expect(201);
    for request in [
        api.post(&target, &entry(31)),
        api.post(format!("/jobs/{other}/time-entries"), &entry(30)),
        api.post("/jobs", &json!({ "name": "x" })),
        api.post("/time-entries/batch", &json!({ "mode": "atomic", "items": [] })),
    ] {
        let answer = request.header("idempotency-key", "k").await;
        // An empty batch may be refused as invalid before the key is looked up.
        assert_eq!(answer.status, 422, "{answer}");
    }
    let refused = api.post(&target, &entry(31)).header("idempotency-key", "k").await;
    refused.expect_problem(422, "idempotency-key-reused");
    assert_eq!((api.total(&job).await, api.total(&other).await), (30, 0));
    assert_eq!(api.all("/jobs").await.len(), 2);
}

async fn a_refused_request_does_not_use_up_its_key(service: Service) {
    let api = &service.api;
    let job = chosen_id();
    let send = |body: &Value| api.post(format!("/jobs/{job}/time-entries"), body).header("idempotency-key", "k");
    send(&entry(30)).await.expect(404);
    send(&entry(0)).await.expect(422);
    api.put(format!("/jobs/{job}"), &json!({ "name": "Late" })).await.expect(201);
    assert_eq!(send(&entry(30)).await.expect(201).header("idempotency-replayed"), None);
    assert_eq!(api.total(&job).await, 30);
}

async fn keys_of_other_tokens_are_other_keys(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let other = api.with_token(service.new_token("write", "grace"));
    for (consumer, minutes) in [(api, 30), (&other, 40)] {
        let request = consumer.post(format!("/jobs/{job}/time-entries"), &entry(minutes));
        let answer = request.header("idempotency-key", "k").await.expect(201);
        assert_eq!(answer.header("idempotency-replayed"), None);
    }
    assert_eq!(api.total(&job).await, 70);
}

async fn a_key_may_be_any_printable_text_up_to_255_characters(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let longest = "k".repeat(255);
    for key in ["k", "with space", "\"quoted\"", "~!@#$%^&*()_+{}|:<>?[];',./", &longest] {
        for replayed in [None, Some("true")] {
            let request = api.post(format!("/jobs/{job}/time-entries"), &entry(1)).header("idempotency-key", key);
            assert_eq!(request.await.expect(201).header("idempotency-replayed"), replayed, "{key}");
        }
    }
    for key in [&"k".repeat(256), &"k".repeat(300), "", "käse"] {
        let request = api.post(format!("/jobs/{job}/time-entries"), &entry(1)).header("idempotency-key", key);
        let answer = request.await;
        assert!(matches!(answer.status, 400 | 422), "{key}: {answer}");
    }
    assert_eq!(api.total(&job).await, 5);
}

async fn twenty_racing_requests_with_one_key_make_one_entry(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    race(&service, &format!("/jobs/{job}/time-entries"), &entry(30)).await;
    assert_eq!(api.total(&job).await, 30);
    assert_eq!(api.all("/time-entries").await.len(), 1);
}

async fn twenty_racing_requests_with_one_key_make_one_job(service: Service) {
    race(&service, "/jobs", &json!({ "name": "Once" })).await;
    assert_eq!(service.api.all("/jobs").await.len(), 1);
}

/// Sends the same request twenty times at once: one is carried out, and all get the same answer.
async fn race(service: &Service, target: &str, body: &Value) {
    let send = || async { service.api.post(target, body).header("idempotency-key", "race").await.expect(201) };
    let answers = join_all((0..20).map(|_| send())).await;
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    assert_eq!(first, 1, "exactly one request was carried out");
}
