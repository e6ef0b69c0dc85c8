//! Another binary: the API over an adapter that has only jobs, time entries, tokens and a health check. Its wiring is
//! that of the template for adapters, which the guide shows.

#[path = "../../../infra/template/adapter/src/api.rs"]
#[expect(unreachable_pub, reason = "there it is part of a library")]
mod api;

use std::sync::Arc;

use actix_web::HttpServer;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use stint_adapters::memory::Memory;

use self::api::{api, first_token};

#[test]
fn the_guide_shows_the_binary_that_is_tried_here() {
    const GUIDE: &str = include_str!("../../../docs/extending-adapters.md");
    let (_, code) = include_str!("../../../infra/template/adapter/src/api.rs").split_once("\n\n").unwrap();
    assert!(GUIDE.contains(code.trim()), "docs/extending-adapters.md does not show\n{code}");
}

#[actix_web::test]
async fn a_binary_without_capture_and_tasks_serves_a_ledger() {
    let memory = Arc::new(Memory::new());
    let api = api(&memory, &mut Registry::default());
    let secret = first_token(memory).await.unwrap();
    let server = HttpServer::new(move || stint_web::app(api.clone())).workers(1).disable_signals();
    let server = server.bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v1", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let client = awc::Client::builder().bearer_auth(&secret).finish();
    let job = client.post(format!("{url}/jobs")).send_json(&json!({"name": "Research"})).await.unwrap();
    assert_eq!(job.status(), 201);
    let location = job.headers().get("location").unwrap().to_str().unwrap();
    let entries = format!("{url}/jobs/{}/time-entries", location.rsplit('/').next().unwrap());
    let entry = json!({"minutes_worked": 45, "date_stamp": "2026-01-02"});
    assert_eq!(client.post(entries).send_json(&entry).await.unwrap().status(), 201);
    for nothing in ["pings", "tasks", "capture-tokens"] {
        let mut listed = client.get(format!("{url}/{nothing}")).send().await.unwrap();
        let listed: Value = serde_json::from_slice(&listed.body().await.unwrap()).unwrap();
        assert_eq!(listed["items"], json!([]), "{nothing}");
    }
    handle.stop(false).await;
}
