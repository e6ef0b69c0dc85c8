//! Walks through pages, alone and while others insert.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::future::join;
use serde_json::{Value, json};

use super::ledger::{entry, id};
use super::service::{Service, on_both_databases};

on_both_databases!(
    pages_follow_one_another_by_cursor_and_by_link,
    the_last_page_has_no_next_even_when_it_is_full,
    a_limit_is_1_to_200_and_50_unless_told,
    a_walk_sees_every_job_of_its_start_exactly_once_while_others_insert,
    a_walk_sees_every_entry_of_its_start_exactly_once_while_others_insert,
    a_walk_goes_on_when_its_place_is_deleted,
);

async fn pages_follow_one_another_by_cursor_and_by_link(service: Service) {
    let api = &service.api;
    let job = seed(&service, 10).await;
    for listing in ["/time-entries?limit=3", "/time-entries?limit=3&from=2026-01-01&created_by=suite"] {
        let whole = api.all(&listing.replace("limit=3", "limit=200")).await;
        assert_eq!(whole.len(), 10);
        let (mut seen, mut target) = (Vec::new(), listing.to_owned());
        let sizes = loop {
            let page = api.get(&target).await.expect(200);
            seen.push(page.json()["items"].as_array().unwrap().clone());
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else {
                assert_eq!(page.next_link(), None);
                break seen.iter().map(Vec::len).collect::<Vec<_>>();
            };
            let by_link = api.get(page.next_link().unwrap()).await.expect(200);
            target = format!("{listing}&cursor={cursor}");
            assert_eq!(by_link.text(), api.get(&target).await.text(), "Link and next_cursor lead to the same page");
        };
        assert_eq!(sizes, [3, 3, 3, 1]);
        assert_eq!(seen.concat(), whole);
    }
    assert_eq!(api.all(&format!("/jobs/{job}/time-entries?limit=1")).await.len(), 10);
}

async fn the_last_page_has_no_next_even_when_it_is_full(service: Service) {
    let api = &service.api;
    seed(&service, 4).await;
    for listing in ["/time-entries?limit=4", "/time-entries?limit=5", "/jobs?limit=1"] {
        let page = api.get(listing).await.expect(200);
        assert_eq!((page.json()["next_cursor"].clone(), page.next_link()), (Value::Null, None));
    }
}

async fn a_limit_is_1_to_200_and_50_unless_told(service: Service) {
    let api = &service.api;
    seed(&service, 201).await;
    for (query, size) in [("", 50), ("?limit=1", 1), ("?limit=200", 200)] {
        let page = api.get(format!("/time-entries{query}")).await.expect(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), size);
    }
}

async fn a_walk_sees_every_job_of_its_start_exactly_once_while_others_insert(service: Service) {
    let api = &service.api;
    for _ in 0..60 {
        api.new_job("early").await;
    }
    let insert = || async { drop(api.new_job("late").await) };
    walk_while(&service, "/jobs?limit=7", insert).await;
    walk_while(&service, "/jobs?limit=7&q=EARL&status=open", insert).await;
}

async fn a_walk_sees_every_entry_of_its_start_exactly_once_while_others_insert(service: Service) {
    let api = &service.api;
    let job = seed(&service, 60).await;
    let day = Cell::new(0);
    let insert = || async {
        day.set(day.get() % 28 + 1);
        let mut entry = entry(1);
        entry["date_stamp"] = json!(format!("2026-01-{:02}", day.get()));
        api.post(format!("/jobs/{job}/time-entries"), &entry).await.expect(201);
    };
    walk_while(&service, "/time-entries?limit=7", insert).await;
    walk_while(&service, &format!("/jobs/{job}/time-entries?limit=7&to=2026-01-20"), insert).await;
}

async fn a_walk_goes_on_when_its_place_is_deleted(service: Service) {
    let api = &service.api;
    seed(&service, 10).await;
    let whole = api.all("/time-entries").await;
    let page = api.get("/time-entries?limit=5").await.expect(200);
    api.delete(format!("/time-entries/{}", id(&whole[4]))).await.expect(204);
    let rest = api.all(&page.next_link().unwrap()).await;
    assert_eq!(rest, whole[5..]);
}

/// Walks through a listing while another client inserts without a pause. Everything that was there at the start is seen
/// once.
async fn walk_while<F: Future<Output = ()>>(service: &Service, listing: &str, insert: impl Fn() -> F) {
    let api = &service.api;
    let at_start: BTreeSet<_> = api.all(&listing.replace("limit=7", "limit=200")).await.iter().map(id).collect();
    assert!(at_start.len() > 21, "too few for a walk");
    let walking = Cell::new(true);
    let walk = async {
        let seen = api.all(listing).await;
        walking.set(false);
        seen
    };
    let insert_on = async {
        let mut inserted = 0;
        while walking.get() {
            insert().await;
            inserted += 1;
        }
        inserted
    };
    let (seen, inserted) = join(walk, insert_on).await;
    assert!(inserted > 0, "nobody inserted meanwhile");
    let ids: Vec<_> = seen.iter().map(id).collect();
    let distinct: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), distinct.len(), "something was seen twice");
    assert!(distinct.is_superset(&at_start), "missed: {:?}", at_start.difference(&distinct));
}

/// A job with that many entries, over 28 dates of one month.
async fn seed(service: &Service, entries: usize) -> String {
    let job = service.api.new_job("Seeded").await;
    let items: Vec<_> = (0..entries)
        .map(|at| {
            let date = format!("2026-01-{:02}", at % 28 + 1);
            json!({ "related_job": job, "minutes_worked": 1, "date_stamp": date, "work_summary": "" })
        })
        .collect();
    service.api.post("/time-entries/batch", &json!({ "mode": "atomic", "items": items })).await.expect(201);
    job
}
