//! Conditional requests: what `If-Match` and `If-None-Match` let through.

use serde_json::json;

use super::ledger::{chosen_id, entry_of, id};
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_get_of_what_did_not_change_is_304_without_a_body,
    a_stale_if_match_changes_nothing_whatever_the_method,
    a_fitting_if_match_lets_the_write_through,
    if_none_match_star_creates_only,
    if_match_on_what_is_not_there_creates_nothing,
    logging_time_makes_the_etag_of_its_job_stale,
    an_etag_is_of_one_resource_and_one_state,
);

async fn a_get_of_what_did_not_change_is_304_without_a_body(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let entry = id(&api.log(&job, 30).await);
    for target in [format!("/jobs/{job}"), format!("/time-entries/{entry}")] {
        let etag = api.get(&target).await.expect(200).etag();
        for condition in [etag.clone(), "*".to_owned(), format!("\"other\", {etag}"), format!("W/{etag}")] {
            let answer = api.get(&target).header("if-none-match", condition).await.expect(304);
            assert_eq!(answer.etag(), etag);
            assert!(answer.body.is_empty());
            api.head(&target).header("if-none-match", etag.clone()).await.expect(304);
        }
        api.get(&target).header("if-none-match", "\"other\"").await.expect(200);
    }
    let etag = api.get(format!("/jobs/{job}")).await.etag();
    api.log(&job, 1).await;
    api.get(format!("/jobs/{job}")).header("if-none-match", etag).await.expect(200);
}

async fn a_stale_if_match_changes_nothing_whatever_the_method(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Research").await, api.new_job("Other").await);
    let entry = format!("/time-entries/{}", id(&api.log(&job, 30).await));
    let empty = format!("/jobs/{}", api.new_job("Empty").await);
    let job = format!("/jobs/{job}");
    let stale = [api.get(&job).await.etag(), api.get(&entry).await.etag(), api.get(&empty).await.etag()];
    api.patch(&job, &json!({ "name": "Renamed" })).await.expect(200);
    api.patch(&entry, &json!({ "minutes_worked": 31 })).await.expect(200);
    api.patch(&empty, &json!({ "status": "archived" })).await.expect(200);
    let before = api.everything().await;

    for (etag, request) in [
        (&stale[0], api.patch(&job, &json!({ "name": "x" }))),
        (&stale[0], api.patch(&job, &json!({}))),
        (&stale[0], api.put(&job, &json!({ "name": "x" }))),
        (&stale[0], api.delete(format!("{job}?entries=delete"))),
        (&stale[1], api.patch(&entry, &json!({ "minutes_worked": 1 }))),
        (&stale[1], api.patch(&entry, &json!({ "related_job": other }))),
        (&stale[1], api.put(&entry, &entry_of(&other, 1))),
        (&stale[1], api.delete(&entry)),
        (&stale[2], api.delete(&empty)),
    ] {
        request.header("if-match", etag).await.expect(412).problem();
    }
    for request in [
        api.patch(&job, &json!({ "name": "x" })).header("if-none-match", "*"),
        api.delete(&empty).header("if-none-match", "*"),
    ] {
        let answer = request.await;
        assert!((400..500).contains(&answer.status), "{answer}");
    }
    assert_eq!(api.everything().await, before);
}

async fn a_fitting_if_match_lets_the_write_through(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let entry = format!("/time-entries/{}", id(&api.log(&job, 30).await));
    let job = format!("/jobs/{job}");
    for (target, change) in [(&job, json!({ "name": "x" })), (&entry, json!({ "minutes_worked": 7 }))] {
        let etag = api.get(target).await.etag();
        let patched = api.patch(target, &change).header("if-match", &etag).await.expect(200);
        assert_ne!(patched.etag(), etag);
        assert_eq!(api.get(target).await.etag(), patched.etag());
        let several = format!("\"other\" , {}", patched.etag());
        api.patch(target, &change).header("if-match", several).await.expect(200);
        api.patch(target, &change).header("if-match", "*").await.expect(200);
    }
    let etag = api.get(&entry).await.etag();
    let weak = api.delete(&entry).header("if-match", format!("W/{etag}")).await;
    assert!(matches!(weak.status, 412 | 400), "If-Match compares strongly: {weak}");
    api.delete(&entry).header("if-match", etag).await.expect(204);
    let etag = api.get(&job).await.etag();
    api.put(&job, &json!({ "name": "y" })).header("if-match", etag).await.expect(200);
    let etag = api.get(&job).await.etag();
    api.delete(&job).header("if-match", etag).await.expect(204);
}

async fn if_none_match_star_creates_only(service: Service) {
    let api = &service.api;
    let parent = api.new_job("Parent").await;
    for (target, body, other) in [
        (format!("/jobs/{}", chosen_id()), json!({ "name": "first" }), json!({ "name": "second" })),
        (format!("/time-entries/{}", chosen_id()), entry_of(&parent, 1), entry_of(&parent, 2)),
    ] {
        let created = api.put(&target, &body).header("if-none-match", "*").await.expect(201);
        api.put(&target, &other).header("if-none-match", "*").await.expect(412).problem();
        assert_eq!(api.get(&target).await.text(), created.text());
    }
    assert_eq!(api.total(&parent).await, 1);
}

async fn if_match_on_what_is_not_there_creates_nothing(service: Service) {
    let api = &service.api;
    let parent = api.new_job("Parent").await;
    let etag = api.get(format!("/jobs/{parent}")).await.etag();
    for (target, body) in [
        (format!("/jobs/{}", chosen_id()), json!({ "name": "x" })),
        (format!("/time-entries/{}", chosen_id()), entry_of(&parent, 1)),
    ] {
        for condition in ["*", etag.as_str()] {
            api.put(&target, &body).header("if-match", condition).await.expect(412).problem();
        }
        api.get(&target).await.expect(404);
    }
    assert_eq!(api.total(&parent).await, 0);
}

async fn logging_time_makes_the_etag_of_its_job_stale(service: Service) {
    let api = &service.api;
    let job = api.new_job("Busy").await;
    let target = format!("/jobs/{job}");
    let etag = api.get(&target).await.etag();
    api.log(&job, 30).await;
    api.patch(&target, &json!({ "name": "Renamed" })).header("if-match", etag).await.expect(412);
    let renamed = api.patch(&target, &json!({ "name": "Renamed" })).await.expect(200).json();
    assert_eq!(renamed["total_minutes"], 30, "without a condition only the named field changes");
}

async fn an_etag_is_of_one_resource_and_one_state(service: Service) {
    let api = &service.api;
    let target = format!("/jobs/{}", api.new_job("one").await);
    let mut seen = vec![api.get(&target).await.etag()];
    for name in ["two", "one", "two", "one"] {
        let etag = api.patch(&target, &json!({ "name": name })).await.expect(200).etag();
        assert!(!seen.contains(&etag), "an old ETag came back");
        seen.push(etag);
    }
}
