//! What a token with the scope `own` reaches: jobs, what is its subject's own, and nothing else.

use serde_json::{Value, json};

use super::capture::until_total;
use super::client::{Client, Request};
use super::ledger::{chosen_id, entry, entry_of, id, text};
use super::service::{Service, on_both_databases};

on_both_databases!(
    jobs_are_read_with_their_totals_and_not_changed,
    what_is_ones_own_is_read_and_changed,
    what_others_logged_does_not_exist,
    pings_and_their_tokens_of_others_do_not_exist,
);

/// A mark in everything of others.
const HIDDEN: &str = "hidden";

/// A consumer with the scope `own` whose subject is `name`.
fn member(service: &Service, name: &str) -> Client {
    service.api.with_token(service.new_token("own", name))
}

fn marked(minutes: u64) -> Value {
    let mut work = entry(minutes);
    work["work_summary"] = json!("hidden work");
    work
}

async fn jobs_are_read_with_their_totals_and_not_changed(service: Service) {
    let (api, ada) = (&service.api, member(&service, "ada"));
    let job = api.new_job("Research").await;
    api.log(&job, 7).await;
    let url = format!("/jobs/{job}");
    let read = ada.get(&url).await.expect(200);
    assert_eq!(read.json()["total_minutes"], 7);
    assert_eq!(read.text(), api.get(&url).await.text());
    assert_eq!(ada.get("/jobs").await.expect(200).text(), api.get("/jobs").await.text());
    let named = json!({ "name": "Mine" });
    for refused in [
        ada.post("/jobs", &named),
        ada.put(&url, &named),
        ada.put(format!("/jobs/{}", chosen_id()), &named),
        ada.patch(&url, &named),
        ada.delete(format!("{url}?entries=delete")),
    ] {
        let problem = refused.await.expect_problem(403, "forbidden");
        assert_eq!(problem["detail"], "the token lacks the scope `write`");
    }
    ada.get("/tasks").await.expect_problem(403, "forbidden");
    assert_eq!(ada.get(&url).await.text(), read.text());
}

async fn what_is_ones_own_is_read_and_changed(service: Service) {
    let (api, ada) = (&service.api, member(&service, "ada"));
    let (job, other) = (api.new_job("Research").await, api.new_job("Review").await);
    let logged = ada.post(format!("/jobs/{job}/time-entries"), &entry(30)).await.expect(201);
    assert_eq!(logged.json()["created_by"], "ada");
    let url = format!("/time-entries/{}", id(&logged.json()));
    assert_eq!(ada.get(&url).await.expect(200).text(), logged.text());
    let moved = ada.patch(&url, &json!({ "related_job": other })).header("if-match", logged.etag()).await.expect(200);
    assert_eq!(moved.json()["related_job"], json!(other));
    ada.put(&url, &entry_of(&job, 20)).await.expect(200);
    ada.put(format!("/time-entries/{}", chosen_id()), &entry_of(&job, 3)).await.expect(201);
    let batch = json!({ "mode": "atomic", "items": [entry_of(&job, 1), entry_of(&job, 2)] });
    ada.post("/time-entries/batch", &batch).await.expect(201);
    assert_eq!(api.total(&job).await, 26);
    // With everybody's filter, its own or none, the same is listed.
    let all = ada.get("/time-entries").await.expect(200);
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 4);
    assert_eq!(ada.get("/time-entries?created_by=ada").await.expect(200).text(), all.text());
    assert_eq!(ada.get(format!("/jobs/{job}/time-entries")).await.expect(200).text(), all.text());
    // Another token of the same subject reaches the same, and so does a manager.
    let again = member(&service, "ada");
    again.delete(&url).await.expect(204);
    assert_eq!(api.total(&job).await, 6);
    ada.get(&url).await.expect_problem(404, "not-found");
}

async fn what_others_logged_does_not_exist(service: Service) {
    let (api, eve) = (&service.api, member(&service, "eve"));
    let job = api.new_job("Research").await;
    let logged = api.post(format!("/jobs/{job}/time-entries"), &marked(30)).await.expect(201);
    let (hidden, absent) = (id(&logged.json()), chosen_id());
    let before = api.get(format!("/jobs/{job}")).await.text().to_owned();
    let unguarded = |request: Request| request;
    let latest = |request: Request| request.header("if-match", logged.etag());
    let stale = |request: Request| request.header("if-match", "\"1\"");
    let any = |request: Request| request.header("if-match", "*");
    let url = format!("/time-entries/{hidden}");
    let guards: [&dyn Fn(Request) -> Request; 4] = [&unguarded, &latest, &stale, &any];
    for guard in guards {
        for request in [
            eve.get(&url),
            eve.put(&url, &entry_of(&job, 5)),
            eve.patch(&url, &json!({ "minutes_worked": 5 })),
            eve.patch(&url, &json!({})),
            eve.delete(&url),
        ] {
            let answer = guard(request).await;
            assert!(!answer.to_string().contains(HIDDEN), "{answer}");
            answer.expect_problem(404, "not-found");
        }
        assert_eq!(guard(eve.head(&url)).await.status, 404);
    }
    eve.put(&url, &entry_of(&job, 5)).header("if-none-match", "*").await.expect_problem(404, "not-found");
    // In the same words as for an entry that there is not.
    let (of_hidden, of_absent) = (eve.delete(&url).await, eve.delete(format!("/time-entries/{absent}")).await);
    assert_eq!(text(&of_hidden.json(), "detail").replace(&hidden, &absent), text(&of_absent.json(), "detail"));
    for listing in [
        "/time-entries".to_owned(),
        format!("/time-entries?related_job={job}"),
        format!("/time-entries?created_by={}", text(&logged.json(), "created_by")),
        format!("/jobs/{job}/time-entries"),
        format!("/jobs/{job}/time-entries?created_by={}", text(&logged.json(), "created_by")),
    ] {
        assert_eq!(eve.get(&listing).await.expect(200).json()["items"], json!([]), "{listing}");
    }
    assert_eq!(api.get(&url).await.text(), logged.text());
    assert_eq!(api.get(format!("/jobs/{job}")).await.text(), before);
}

async fn pings_and_their_tokens_of_others_do_not_exist(service: Service) {
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    let (api, ada, eve) = (&service.api, member(&service, "ada"), member(&service, "eve"));
    let job = api.new_job("Research").await;
    let tokens = format!("/jobs/{job}/capture-tokens");
    let token = ada.post(&tokens, &json!({ "name": "hidden door" })).await.expect(201).json();
    assert_eq!(token["subject"], "ada");
    let creating = json!({ "name": "door", "creates_jobs": true });
    ada.post("/capture-tokens", &creating).await.expect_problem(403, "forbidden");
    ada.post("/capture-tokens", &json!({ "name": "door", "creates_jobs": false })).await.expect(201);
    let secret = text(&token, "secret");
    let sent = api.anonymous().get(format!("/ping/{secret}?minutes=5&summary=hidden")).await.expect(202).json();
    until_total(api, &job, 5).await;

    let (ping, door) = (format!("/pings/{}", id(&sent)), format!("/capture-tokens/{}", id(&token)));
    for request in [
        eve.get(&ping),
        eve.delete(&ping),
        eve.get(&door),
        eve.patch(&door, &json!({ "name": "mine" })),
        eve.delete(&door),
    ] {
        let answer = request.await;
        assert!(!answer.to_string().contains(HIDDEN), "{answer}");
        answer.expect_problem(404, "not-found");
    }
    let of_token = format!("/pings?token={}", id(&token));
    for listing in ["/pings", of_token.as_str(), "/capture-tokens", tokens.as_str()] {
        assert_eq!(eve.get(listing).await.expect(200).json()["items"], json!([]), "{listing}");
        assert_ne!(ada.get(listing).await.expect(200).json()["items"], json!([]), "{listing}");
    }
    ada.get(&ping).await.expect(200);
    ada.patch(&door, &json!({ "name": "desk" })).await.expect(200);
    ada.delete(&ping).await.expect(204);
    until_total(api, &job, 0).await;
    ada.delete(&door).await.expect(204);
}
