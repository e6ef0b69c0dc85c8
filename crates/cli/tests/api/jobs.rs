//! Jobs: created, read, replaced, patched, archived, deleted.

use serde_json::{Value, json};

use super::answer::keys_in_order;
use super::ledger::{assert_new_id, assert_timestamp, chosen_id, entry, entry_of, id, text};
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_new_job_is_open_without_minutes_and_found_where_location_says,
    head_answers_as_get_does_without_the_body,
    put_creates_under_the_callers_id_and_then_replaces,
    put_resets_what_it_does_not_name_and_keeps_what_the_server_owns,
    patch_changes_what_it_names_and_nothing_else,
    a_name_is_trimmed_and_may_be_any_unicode,
    a_name_that_nobody_can_see_is_refused,
    an_archived_job_takes_no_time_and_no_edits_until_it_is_reopened,
    a_job_without_entries_is_deleted_whether_open_or_archived,
    a_job_with_entries_is_deleted_only_when_asked_to,
    a_deleted_job_may_be_created_anew_under_its_id_with_another_etag,
    jobs_are_listed_newest_first_and_by_status,
    a_search_finds_any_part_of_a_name_in_any_case_and_knows_no_wildcards,
    what_is_not_there_is_404_for_every_method,
);

const FIELDS: [&str; 7] = ["id", "name", "status", "total_minutes", "time_entries", "created_at", "updated_at"];

async fn a_new_job_is_open_without_minutes_and_found_where_location_says(service: Service) {
    let api = &service.api;
    let created = api.post("/jobs", &json!({ "name": "Research" })).await.expect(201);
    assert_eq!(created.header("content-type"), Some("application/json"));
    assert_eq!(keys_in_order(created.text()), FIELDS);
    let job = created.json();
    assert_new_id(&job["id"]);
    assert_timestamp(&job["created_at"]);
    assert_eq!(job["updated_at"], job["created_at"]);
    let expected = json!({
        "id": job["id"], "name": "Research", "status": "open", "total_minutes": 0,
        "time_entries": format!("/api/v1/jobs/{}/time-entries", id(&job)),
        "created_at": job["created_at"], "updated_at": job["updated_at"],
    });
    assert_eq!(job, expected);

    let location = created.header("location").unwrap();
    assert_eq!(location, format!("/api/v1/jobs/{}", id(&job)));
    let read = api.get(location).await.expect(200);
    assert_eq!((read.text(), read.etag()), (created.text(), created.etag()));
    assert_eq!(
        api.get(text(&job, "time_entries")).await.expect(200).json(),
        json!({ "items": [], "next_cursor": null })
    );

    let archived = api.post("/jobs", &json!({ "name": "Old", "status": "archived" })).await.expect(201).json();
    assert_eq!(archived["status"], "archived");
}

async fn head_answers_as_get_does_without_the_body(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let entry = id(&api.log(&job, 30).await);
    for target in [
        format!("/jobs/{job}"),
        format!("/time-entries/{entry}"),
        "/jobs".to_owned(),
        "/time-entries?limit=1".to_owned(),
        format!("/jobs/{job}/time-entries"),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/openapi.json".to_owned(),
        "/docs".to_owned(),
    ] {
        let (get, head) = (api.get(&target).await.expect(200), api.head(&target).await.expect(200));
        for header in ["content-type", "content-length", "etag", "link"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {target}");
        }
        assert!(!get.body.is_empty() && head.body.is_empty(), "{target}");
    }
    api.head(format!("/jobs/{}", chosen_id())).await.expect(404);
}

async fn put_creates_under_the_callers_id_and_then_replaces(service: Service) {
    let api = &service.api;
    let target = format!("/jobs/{}", chosen_id());
    let created = api.put(&target, &json!({ "name": "Mine", "status": "open" })).await.expect(201);
    assert_eq!(created.header("location"), Some(format!("/api/v1{target}").as_str()));
    assert!(target.ends_with(&id(&created.json())));
    let replaced = api.put(&target, &json!({ "name": "Ours", "status": "archived" })).await.expect(200);
    assert_eq!(replaced.json()["name"], "Ours");
    assert_eq!(replaced.json()["status"], "archived");
    assert_ne!(replaced.etag(), created.etag());
    let read = api.get(&target).await.expect(200);
    assert_eq!((read.text(), read.etag()), (replaced.text(), replaced.etag()));
    assert_eq!(api.all("/jobs").await.len(), 1);
}

async fn put_resets_what_it_does_not_name_and_keeps_what_the_server_owns(service: Service) {
    let api = &service.api;
    let created = api.post("/jobs", &json!({ "name": "Research", "status": "archived" })).await.expect(201).json();
    let target = format!("/jobs/{}", id(&created));
    api.patch(&target, &json!({ "status": "open" })).await.expect(200);
    api.log(&id(&created), 90).await;
    api.patch(&target, &json!({ "status": "archived" })).await.expect(200);
    let replaced = api.put(&target, &json!({ "name": "Research" })).await.expect(200).json();
    assert_eq!(replaced["status"], "open");
    assert_eq!(replaced["total_minutes"], 90);
    assert_eq!(replaced["created_at"], created["created_at"]);
}

async fn patch_changes_what_it_names_and_nothing_else(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let target = format!("/jobs/{job}");
    api.log(&job, 30).await;
    let before = api.get(&target).await.expect(200);

    let renamed = api.patch(&target, &json!({ "name": "Development" })).await.expect(200);
    let mut expected = before.json();
    expected["name"] = json!("Development");
    expected["updated_at"] = renamed.json()["updated_at"].clone();
    assert_eq!(renamed.json(), expected);
    assert_ne!(renamed.etag(), before.etag());
    assert!(text(&renamed.json(), "updated_at") > text(&before.json(), "updated_at"));

    let plain = api.patch(&target, &json!({ "status": "archived" })).header("content-type", "application/json").await;
    assert_eq!(plain.expect(200).json()["name"], "Development");

    let before = api.get(&target).await.expect(200);
    let untouched = api.patch(&target, &json!({})).await.expect(200);
    assert_eq!((untouched.text(), untouched.etag()), (before.text(), before.etag()));

    let removed = api.patch(&target, &json!({ "name": null })).await.expect(422).problem();
    assert_eq!(removed["errors"][0]["pointer"], "/name", "{removed}");
    api.patch(&target, &json!(["name"])).await.expect(422).problem();
    assert_eq!(api.get(&target).await.text(), before.text());
}

async fn a_name_is_trimmed_and_may_be_any_unicode(service: Service) {
    let api = &service.api;
    for (given, kept) in [
        ("  Päckchen \n", "Päckchen"),
        ("日本 🦀", "日本 🦀"),
        ("a\u{301}\u{202e}", "á\u{202e}"),
        ("Bu\u{308}ro", "Büro"),
    ] {
        let created = api.post("/jobs", &json!({ "name": given })).await.expect(201);
        assert_eq!(created.json()["name"], kept);
        assert_eq!(api.get(format!("/jobs/{}", id(&created.json()))).await.text(), created.text());
    }
    let longest = "ß".repeat(120);
    assert_eq!(api.post("/jobs", &json!({ "name": longest })).await.expect(201).json()["name"], longest.as_str());
    let composed = api.post("/jobs", &json!({ "name": "u\u{308}".repeat(120) })).await.expect(201).json();
    assert_eq!(composed["name"], "ü".repeat(120));
}

async fn a_name_that_nobody_can_see_is_refused(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    for name in ["\u{200b}", "\u{feff}", "\u{2060} \u{ad}", "\u{3164}"] {
        let body = json!({ "name": name });
        for request in [
            api.post("/jobs", &body),
            api.put(format!("/jobs/{job}"), &body),
            api.patch(format!("/jobs/{job}"), &body),
            api.post("/capture-tokens", &body),
        ] {
            let problem = request.await.expect_problem(422, "validation-failed");
            assert!(problem["detail"].as_str().unwrap().contains("visible"), "{problem}");
        }
    }
}

async fn an_archived_job_takes_no_time_and_no_edits_until_it_is_reopened(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Done").await, api.new_job("Other").await);
    let (kept, elsewhere) = (id(&api.log(&job, 60).await), id(&api.log(&other, 5).await));
    let (kept, elsewhere) = (format!("/time-entries/{kept}"), format!("/time-entries/{elsewhere}"));
    api.patch(format!("/jobs/{job}"), &json!({ "status": "archived" })).await.expect(200);

    let refused = [
        api.post(format!("/jobs/{job}/time-entries"), &entry(1)),
        api.put(format!("/time-entries/{}", chosen_id()), &entry_of(&job, 1)),
        api.put(&kept, &entry_of(&other, 60)),
        api.put(&elsewhere, &entry_of(&job, 5)),
        api.patch(&kept, &json!({ "minutes_worked": 61 })),
        api.patch(&kept, &json!({ "related_job": other })),
        api.patch(&elsewhere, &json!({ "related_job": job })),
        api.delete(&kept),
    ];
    for request in refused {
        let problem = request.await.expect_problem(409, "job-archived");
        assert!(text(&problem, "detail").contains(&job), "{problem}");
    }
    assert_eq!((api.total(&job).await, api.total(&other).await), (60, 5));
    assert_eq!(api.all("/time-entries").await.len(), 2);

    api.patch(format!("/jobs/{job}"), &json!({ "status": "open" })).await.expect(200);
    api.patch(&kept, &json!({ "minutes_worked": 61 })).await.expect(200);
    api.log(&job, 1).await;
    assert_eq!(api.total(&job).await, 62);
    api.assert_totals_are_sums().await;
}

async fn a_job_without_entries_is_deleted_whether_open_or_archived(service: Service) {
    let api = &service.api;
    for status in ["open", "archived"] {
        let job = id(&api.post("/jobs", &json!({ "name": "Short", "status": status })).await.expect(201).json());
        let deleted = api.delete(format!("/jobs/{job}")).await.expect(204);
        assert!(deleted.body.is_empty());
        api.get(format!("/jobs/{job}")).await.expect(404);
        api.delete(format!("/jobs/{job}")).await.expect(404);
    }
    assert_eq!(api.all("/jobs").await, Vec::<Value>::new());
}

async fn a_job_with_entries_is_deleted_only_when_asked_to(service: Service) {
    let api = &service.api;
    let (job, other) = (api.new_job("Long").await, api.new_job("Other").await);
    let entries = [api.log(&job, 30).await, api.log(&job, 40).await];
    api.log(&other, 7).await;
    for status in ["open", "archived"] {
        api.patch(format!("/jobs/{job}"), &json!({ "status": status })).await.expect(200);
        let problem = api.delete(format!("/jobs/{job}")).await.expect_problem(409, "job-has-entries");
        assert!(text(&problem, "detail").contains(&job), "{problem}");
    }
    assert_eq!(api.total(&job).await, 70);

    api.delete(format!("/jobs/{job}?entries=delete")).await.expect(204);
    api.get(format!("/jobs/{job}")).await.expect(404);
    api.get(format!("/jobs/{job}/time-entries")).await.expect(404);
    for entry in &entries {
        api.get(format!("/time-entries/{}", id(entry))).await.expect(404);
    }
    assert_eq!(api.all("/time-entries").await.len(), 1);
    assert_eq!(api.total(&other).await, 7);
}

async fn a_deleted_job_may_be_created_anew_under_its_id_with_another_etag(service: Service) {
    let api = &service.api;
    let target = format!("/jobs/{}", chosen_id());
    let first = api.put(&target, &json!({ "name": "Phoenix" })).await.expect(201).etag();
    api.delete(&target).await.expect(204);
    let second = api.put(&target, &json!({ "name": "Phoenix" })).await.expect(201).etag();
    assert_ne!(first, second);
    api.delete(&target).header("if-match", first).await.expect(412);
    api.delete(&target).header("if-match", second).await.expect(204);
}

async fn jobs_are_listed_newest_first_and_by_status(service: Service) {
    let api = &service.api;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.insert(0, api.new_job(name).await);
    }
    api.patch(format!("/jobs/{}", ids[1]), &json!({ "status": "archived" })).await.expect(200);
    let listed = |jobs: Vec<Value>| jobs.iter().map(id).collect::<Vec<_>>();
    assert_eq!(listed(api.all("/jobs").await), ids);
    assert_eq!(listed(api.all("/jobs?status=open").await), [ids[0].clone(), ids[2].clone()]);
    assert_eq!(listed(api.all("/jobs?status=archived").await), [ids[1].clone()]);
    assert_eq!(api.all("/jobs").await[0], api.get(format!("/jobs/{}", ids[0])).await.json());
}

async fn a_search_finds_any_part_of_a_name_in_any_case_and_knows_no_wildcards(service: Service) {
    let api = &service.api;
    for name in ["100% Ärger", "snake_case", "Plain case", "back\\slash", "it's"] {
        api.new_job(name).await;
    }
    for (q, names) in [
        ("CASE", vec!["Plain case", "snake_case"]),
        ("%C3%A4rger", vec!["100% Ärger"]),
        ("A%CC%88RGER", vec!["100% Ärger"]),
        ("%25", vec!["100% Ärger"]),
        ("_", vec!["snake_case"]),
        ("e_c", vec!["snake_case"]),
        ("%5C", vec!["back\\slash"]),
        ("it%27s", vec!["it's"]),
        ("n+c", vec!["Plain case"]),
        ("n%20C", vec!["Plain case"]),
        ("nothing", vec![]),
        ("%25%25", vec![]),
    ] {
        let found = api.all(&format!("/jobs?q={q}")).await;
        let mut found: Vec<_> = found.iter().map(|job| text(job, "name")).collect();
        found.sort();
        assert_eq!(found, names, "q={q}");
    }
}

async fn what_is_not_there_is_404_for_every_method(service: Service) {
    let api = &service.api;
    let nowhere = chosen_id();
    let job = format!("/jobs/{nowhere}");
    let time_entry = format!("/time-entries/{nowhere}");
    for request in [
        api.get(&job),
        api.patch(&job, &json!({ "name": "x" })),
        api.delete(&job),
        api.get(format!("{job}/time-entries")),
        api.post(format!("{job}/time-entries"), &entry(1)),
        api.get(&time_entry),
        api.patch(&time_entry, &json!({ "minutes_worked": 1 })),
        api.delete(&time_entry),
    ] {
        let problem = request.await.expect(404).problem();
        assert!(text(&problem, "detail").contains(&nowhere), "{problem}");
    }
}
