//! How one token's pings for several jobs count, and how edits of derived entries change that. Through the service and
//! its worker, on both databases.

use serde_json::{Value, json};

use super::capture::{expected, totals, until_total};
use super::client::Client;
use super::ledger::text;
use super::service::{Service, on_both_databases};
use super::until::until;

/// Far longer than logging pings takes.
const BULK: &str = "/api/wakatime/v1/users/current/heartbeats.bulk";

on_both_databases!(
    two_hours_of_two_projects_are_two_hours,
    what_a_browser_does_not_know_counts_for_the_last_project,
    an_edit_that_changes_no_minutes_leaves_the_entry_to_its_pings,
);

fn with_worker(service: Service) -> Service {
    service.set("STINT_WORKER__IN_SERVE", "true")
}

pub(super) fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// A time zone where it is now between noon and one o'clock.
pub(super) fn zone_at_noon() -> String {
    let hour = now() / 3_600 % 24;
    if hour < 12 { format!("Etc/GMT-{}", 12 - hour) } else { format!("Etc/GMT+{}", hour - 12) }
}

/// The secret of a token that creates jobs.
async fn editor(api: &Client) -> String {
    let token = json!({ "name": "editor", "creates_jobs": true, "time_zone": zone_at_noon() });
    text(&api.post("/capture-tokens", &token).await.expect(201).json(), "secret")
}

/// Sends heartbeats in one request. Each is a number of seconds before now, and a project.
async fn beat(api: &Client, secret: &str, beats: impl IntoIterator<Item = (u64, &str)>) {
    let start = now();
    let beat = |(ago, project): (u64, &str)| json!({ "time": start - ago, "entity": "x", "project": project });
    let beats: Vec<Value> = beats.into_iter().map(beat).collect();
    let answer = api.anonymous().post(format!("{BULK}?api_key={secret}"), &json!(beats)).await.expect(201).json();
    assert!(answer["responses"].as_array().unwrap().iter().all(|each| each[1] == 201), "{answer}");
}

async fn two_hours_of_two_projects_are_two_hours(service: Service) {
    let service = with_worker(service);
    let secret = editor(&service.api).await;
    let every_other = |place: u64| ((30 - place) * 240, ["stint", "notes"][usize::from(place % 2 == 1)]);
    beat(&service.api, &secret, (0..31).map(every_other)).await;
    assert_eq!(totals(&service.api, 120).await, expected(&[("notes", 60), ("stint", 60)]));
    let today = format!("/api/wakatime/v1/users/current/statusbar/today?api_key={secret}");
    let today = service.api.anonymous().get(today).await.expect(200).json();
    assert_eq!(today["data"]["grand_total"]["text"], "2 hrs 0 mins");
    service.assert_totals_are_sums().await;
}

async fn what_a_browser_does_not_know_counts_for_the_last_project(service: Service) {
    const LAST: &str = "<<LAST_PROJECT>>";
    let service = with_worker(service);
    let (secret, other) = (editor(&service.api).await, editor(&service.api).await);
    let beats = [(1_200, LAST), (2_400, "stint"), (1_680, LAST), (2_160, LAST), (1_920, LAST), (1_440, "notes")];
    beat(&service.api, &secret, beats).await;
    assert_eq!(totals(&service.api, 20).await, expected(&[("notes", 4), ("stint", 16)]));
    beat(&service.api, &other, [(900, LAST), (600, LAST)]).await;
    assert_eq!(totals(&service.api, 25).await, expected(&[("Unknown Project", 5), ("notes", 4), ("stint", 16)]));
}

async fn an_edit_that_changes_no_minutes_leaves_the_entry_to_its_pings(service: Service) {
    let service = with_worker(service);
    let (api, anonymous) = (&service.api, service.api.anonymous());
    let job = api.new_job("Research").await;
    let token = json!({ "name": "laptop", "time_zone": zone_at_noon() });
    let token = api.post(format!("/jobs/{job}/capture-tokens"), &token).await.expect(201).json();
    let (ping, start) = (text(&token, "ping_url"), now());
    let send = async |ago: u64, summary: &str| {
        anonymous.get(format!("{ping}?at={}&summary={summary}", start - ago)).await.expect(202);
    };
    send(2_400, "told").await;
    send(1_800, "told").await;
    until_total(api, &job, 10).await;
    let entry = &api.all(&format!("/jobs/{job}/time-entries")).await[0];
    let path = format!("/time-entries/{}", text(entry, "id"));
    api.patch(&path, &json!({ "minutes_worked": 10 })).await.expect(200);
    let whole = json!({
        "related_job": job, "minutes_worked": 10, "date_stamp": entry["date_stamp"], "work_summary": "told",
    });
    api.put(&path, &whole).await.expect(200);
    send(1_500, "later").await;
    until_total(api, &job, 15).await;
    assert_eq!(text(&api.get(&path).await.expect(200).json(), "work_summary"), "later");
    api.patch(&path, &json!({ "work_summary": "mine" })).await.expect(200);
    send(1_200, "last").await;
    until_total(api, &job, 20).await;
    assert_eq!(text(&api.get(&path).await.expect(200).json(), "work_summary"), "mine");
    api.patch(&path, &json!({ "minutes_worked": 60 })).await.expect(200);
    send(900, "vain").await;
    send(1, "a%20new%20span").await;
    let ignored = async || api.all("/pings?status=ignored").await.len();
    until("pings of a changed entry are ignored", async || (ignored().await == 2).then_some(())).await;
    assert_eq!(api.total(&job).await, 60);
    service.assert_totals_are_sums().await;
}
