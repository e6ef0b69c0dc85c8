//! Time entries: logged, read, edited, moved, deleted; and what each step does to the totals.

use serde_json::{Value, json};

use super::answer::keys_in_order;
use super::ledger::{TODAY, assert_new_id, assert_timestamp, chosen_id, entry, entry_of, id, text};
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_logged_entry_tells_everything_and_is_found_where_location_says,
    the_total_follows_every_step,
    put_creates_under_the_callers_id_and_then_replaces,
    patch_changes_what_it_names_and_nothing_else,
    an_edit_by_another_does_not_change_who_logged_the_time,
    a_summary_keeps_its_lines_and_may_be_long_or_empty,
    the_bounds_of_minutes_and_dates_are_inside,
    an_unknown_job_in_a_body_is_422_and_names_the_field,
    entries_are_listed_latest_date_first,
    entries_are_listed_by_job_dates_and_author,
);

const FIELDS: [&str; 8] =
    ["id", "related_job", "minutes_worked", "date_stamp", "work_summary", "created_by", "created_at", "updated_at"];

async fn a_logged_entry_tells_everything_and_is_found_where_location_says(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let before = api.get(format!("/jobs/{job}")).await.expect(200);
    let body = json!({ "minutes_worked": 90, "date_stamp": "2026-01-15", "work_summary": "read papers" });
    let created = api.post(format!("/jobs/{job}/time-entries"), &body).await.expect(201);
    assert_eq!(created.header("content-type"), Some("application/json"));
    assert_eq!(keys_in_order(created.text()), FIELDS);
    let entry = created.json();
    assert_new_id(&entry["id"]);
    assert_timestamp(&entry["created_at"]);
    let expected = json!({
        "id": entry["id"], "related_job": job, "minutes_worked": 90, "date_stamp": "2026-01-15",
        "work_summary": "read papers", "created_by": service.subject,
        "created_at": entry["created_at"], "updated_at": entry["created_at"],
    });
    assert_eq!(entry, expected);

    let location = created.header("location").unwrap();
    assert_eq!(location, format!("/api/v1/time-entries/{}", id(&entry)));
    let read = api.get(location).await.expect(200);
    assert_eq!((read.text(), read.etag()), (created.text(), created.etag()));

    let after = api.get(format!("/jobs/{job}")).await.expect(200);
    assert_eq!(after.json()["total_minutes"], 90);
    assert_ne!(after.etag(), before.etag(), "a job's ETag changes with its total");
    assert!(text(&after.json(), "updated_at") > text(&before.json(), "updated_at"));
}

async fn the_total_follows_every_step(service: Service) {
    let api = &service.api;
    let (a, b) = (api.new_job("A").await, api.new_job("B").await);
    let first = format!("/time-entries/{}", id(&api.log(&a, 100).await));
    let second = format!("/time-entries/{}", id(&api.log(&a, 20).await));
    let third = format!("/time-entries/{}", chosen_id());
    let steps = [
        (api.patch(&first, &json!({ "minutes_worked": 50 })), (70, 0)),
        (api.patch(&first, &json!({ "related_job": b })), (20, 50)),
        (api.patch(&first, &json!({ "related_job": b, "minutes_worked": 60 })), (20, 60)),
        (api.patch(&first, &json!({ "related_job": a, "minutes_worked": 10 })), (30, 0)),
        (api.put(&third, &entry_of(&b, 5)), (30, 5)),
        (api.put(&third, &entry_of(&b, 6)), (30, 6)),
        (api.put(&third, &entry_of(&a, 7)), (37, 0)),
        (api.patch(&second, &json!({ "work_summary": "other", "date_stamp": "2020-02-29" })), (37, 0)),
        (api.delete(&second), (17, 0)),
        (api.delete(&first), (7, 0)),
        (api.delete(&third), (0, 0)),
    ];
    for (at, (step, totals)) in steps.into_iter().enumerate() {
        let answer = step.await;
        assert!(answer.status < 300, "step {at}: {answer}");
        assert_eq!((api.total(&a).await, api.total(&b).await), totals, "step {at}");
        api.assert_totals_are_sums().await;
    }
}

async fn put_creates_under_the_callers_id_and_then_replaces(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Research").await, api.new_job("Other").await);
    let target = format!("/time-entries/{}", chosen_id());
    let created = api.put(&target, &entry_of(&job, 30)).await.expect(201);
    assert_eq!(created.header("location"), Some(format!("/api/v1{target}").as_str()));
    assert!(target.ends_with(&id(&created.json())));
    let body = json!({ "related_job": other, "minutes_worked": 45, "date_stamp": "2026-01-16", "work_summary": "x" });
    let replaced = api.put(&target, &body).await.expect(200);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&replaced.json()[field], value);
    }
    assert_eq!(replaced.json()["created_at"], created.json()["created_at"]);
    assert_ne!(replaced.etag(), created.etag());
    let read = api.get(&target).await.expect(200);
    assert_eq!((read.text(), read.etag()), (replaced.text(), replaced.etag()));
    assert_eq!((api.total(&job).await, api.total(&other).await), (0, 45));
}

async fn patch_changes_what_it_names_and_nothing_else(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Research").await, api.new_job("Other").await);
    let target = format!("/time-entries/{}", id(&api.log(&job, 30).await));
    for (field, value) in [
        ("minutes_worked", json!(31)),
        ("date_stamp", json!("2026-01-16")),
        ("work_summary", json!("wrote it up")),
        ("related_job", json!(other)),
    ] {
        for media_type in ["application/merge-patch+json", "application/json"] {
            let before = api.get(&target).await.expect(200);
            let patched = api.patch(&target, &json!({ field: value })).header("content-type", media_type).await;
            let mut expected = before.json();
            expected[field] = value.clone();
            expected["updated_at"] = patched.json()["updated_at"].clone();
            assert_eq!(patched.expect(200).json(), expected);
        }
    }
    let before = api.get(&target).await.expect(200);
    let untouched = api.patch(&target, &json!({})).await.expect(200);
    assert_eq!((untouched.text(), untouched.etag()), (before.text(), before.etag()));
}

async fn an_edit_by_another_does_not_change_who_logged_the_time(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let entry = api.log(&job, 30).await;
    let target = format!("/time-entries/{}", id(&entry));
    let other = api.with_token(service.new_token("read,write", "grace"));
    other.patch(&target, &json!({ "minutes_worked": 31 })).await.expect(200);
    let replaced = other.put(&target, &entry_of(&job, 32)).await.expect(200).json();
    assert_eq!(replaced["created_by"], entry["created_by"]);
    assert_eq!(other.log(&job, 1).await["created_by"], "grace");
}

async fn a_summary_keeps_its_lines_and_may_be_long_or_empty(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    for summary in ["", "one\ntwo\r\n\tthree", "日本 🦀 \u{2028}", &"ü".repeat(4000)] {
        let body = json!({ "minutes_worked": 1, "date_stamp": TODAY, "work_summary": summary });
        let created = api.post(format!("/jobs/{job}/time-entries"), &body).await.expect(201).json();
        let read = api.get(format!("/time-entries/{}", id(&created))).await.expect(200).json();
        assert_eq!(read["work_summary"], summary);
    }
}

async fn the_bounds_of_minutes_and_dates_are_inside(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    for (minutes, date) in [(1, "0001-01-01"), (1440, "9999-12-31"), (720, "2024-02-29")] {
        let body = json!({ "minutes_worked": minutes, "date_stamp": date, "work_summary": "" });
        let created = api.post(format!("/jobs/{job}/time-entries"), &body).await.expect(201).json();
        let read = api.get(format!("/time-entries/{}", id(&created))).await.expect(200).json();
        assert_eq!((&read["minutes_worked"], &read["date_stamp"]), (&json!(minutes), &json!(date)));
    }
    assert_eq!(api.total(&job).await, 1 + 1440 + 720);
    assert_eq!(api.all("/time-entries?from=9999-12-31").await.len(), 1);
    assert_eq!(api.all("/time-entries?to=0001-01-01").await.len(), 1);
}

async fn an_unknown_job_in_a_body_is_422_and_names_the_field(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let (logged, nowhere) = (format!("/time-entries/{}", id(&api.log(&job, 30).await)), chosen_id());
    for request in [
        api.put(format!("/time-entries/{}", chosen_id()), &entry_of(&nowhere, 1)),
        api.put(&logged, &entry_of(&nowhere, 1)),
        api.patch(&logged, &json!({ "related_job": nowhere })),
    ] {
        let problem = request.await.expect(422).problem();
        assert_eq!(problem["errors"][0]["pointer"], "/related_job", "{problem}");
        assert!(problem.to_string().contains(&nowhere), "{problem}");
    }
    assert_eq!(api.total(&job).await, 30);
    assert_eq!(api.all("/time-entries").await.len(), 1);
}

async fn entries_are_listed_latest_date_first(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    for date in ["2026-01-02", "2026-01-03", "2026-01-01", "2026-01-02"] {
        let body = json!({ "minutes_worked": 1, "date_stamp": date, "work_summary": "" });
        api.post(format!("/jobs/{job}/time-entries"), &body).await.expect(201);
    }
    for listing in [format!("/jobs/{job}/time-entries"), "/time-entries".to_owned()] {
        let page = api.get(&listing).await.expect(200);
        assert_eq!(keys_in_order(page.text()), ["items", "next_cursor"]);
        let listed: Vec<_> = page.json()["items"].as_array().unwrap().iter().map(key).collect();
        assert_eq!(
            listed.iter().map(|(date, _)| date.as_str()).collect::<Vec<_>>(),
            ["2026-01-03", "2026-01-02", "2026-01-02", "2026-01-01",]
        );
        assert!(listed.is_sorted_by(|a, b| a > b), "{listed:?}");
    }
}

fn key(entry: &Value) -> (String, String) {
    (text(entry, "date_stamp"), id(entry))
}

async fn entries_are_listed_by_job_dates_and_author(service: Service) {
    let api = &service.api;
    let (a, b) = (api.new_job("A").await, api.new_job("B").await);
    let grace = api.with_token(service.new_token("read,write", "grace & co"));
    let mut ids = Vec::new();
    for (consumer, job, day) in [(api, &a, 1), (api, &a, 2), (&grace, &a, 3), (&grace, &b, 4), (api, &b, 5)] {
        let mut body = entry(1);
        body["date_stamp"] = json!(format!("2026-01-0{day}"));
        ids.push(id(&consumer.post(format!("/jobs/{job}/time-entries"), &body).await.expect(201).json()));
    }
    let author = service.subject;
    for (query, days) in [
        (String::new(), vec![5, 4, 3, 2, 1]),
        (format!("related_job={a}"), vec![3, 2, 1]),
        ("from=2026-01-02".to_owned(), vec![5, 4, 3, 2]),
        ("to=2026-01-02".to_owned(), vec![2, 1]),
        ("from=2026-01-02&to=2026-01-04".to_owned(), vec![4, 3, 2]),
        ("from=2026-01-03&to=2026-01-03".to_owned(), vec![3]),
        ("from=2027-01-01".to_owned(), vec![]),
        ("created_by=grace%20%26%20co".to_owned(), vec![4, 3]),
        (format!("created_by={author}"), vec![5, 2, 1]),
        ("created_by=nobody".to_owned(), vec![]),
        (format!("created_by={author}&related_job={a}&to=2026-01-01"), vec![1]),
        (format!("related_job={}", chosen_id()), vec![]),
    ] {
        let listed: Vec<_> = api.all(&format!("/time-entries?{query}")).await.iter().map(id).collect();
        let expected: Vec<_> = days.iter().map(|day| ids[day - 1].clone()).collect();
        assert_eq!(listed, expected, "{query}");
    }
}
