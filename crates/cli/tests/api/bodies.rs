//! Compressed bodies, and many large bodies: compressed ones are decoded, and the memory for all of them is bounded.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
#[cfg(target_os = "linux")]
use futures::future::join_all;
use serde_json::json;

use super::client::Client;
use super::ledger::entry;
#[cfg(target_os = "linux")]
use super::ledger::text;
#[cfg(target_os = "linux")]
use super::raw::{Connection, Reply};
use super::service::{Service, on_both_databases};

on_both_databases!(
    a_compressed_body_is_the_same_request_as_an_uncompressed_one,
    json_is_taken_however_its_charset_is_spelt,
    a_secret_in_the_place_of_an_id_is_not_shown,
);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn a_compressed_body_is_the_same_request_as_an_uncompressed_one(service: Service) {
    let api = &service.api;
    let job = api.new_job("Research").await;
    let (target, body) = (format!("/jobs/{job}/time-entries"), entry(30).to_string());
    let send = |coding: &str, body: Vec<u8>| {
        let request = api.request("POST", &target).body("application/json", body);
        request.header("content-encoding", coding).header("idempotency-key", "once")
    };
    let first = send("gzip", gzip(body.as_bytes())).await.expect(201);
    let again = send("identity", body.clone().into_bytes()).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    let two = [gzip(&body.as_bytes()[..9]), gzip(&body.as_bytes()[9..])].concat();
    assert_eq!(send("x-gzip", two).await.expect(201).header("idempotency-replayed"), Some("true"));

    send("gzip", gzip(&vec![b' '; (1 << 20) + 1])).await.expect_problem(413, "body-too-large");
    let refused = send("deflate", body.into_bytes()).await;
    assert_eq!(refused.header("accept-encoding"), Some("gzip"));
    refused.expect_problem(415, "unsupported-media-type");
    service.assert_totals_are_sums().await;
}

async fn json_is_taken_however_its_charset_is_spelt(service: Service) {
    for media_type in ["application/json; charset=utf8", "Application/JSON;charset=\"Utf-8\"", "application/json; v=1"]
    {
        let body = json!({ "name": "Büro" }).to_string();
        service.api.request("POST", "/jobs").body(media_type, body).await.expect(201);
    }
}

async fn a_secret_in_the_place_of_an_id_is_not_shown(service: Service) {
    let api: &Client = &service.api;
    let token =
        api.post("/capture-tokens", &json!({ "name": "editor", "creates_jobs": true })).await.expect(201).json();
    let secret = token["secret"].as_str().unwrap();
    for target in ["jobs", "time-entries", "pings", "capture-tokens"].map(|place| format!("/{place}/{secret}")) {
        let answers = [
            api.get(&target).await,
            api.delete(&target).await,
            api.get(format!("{target}/time-entries")).await,
            api.patch(&target, &json!({ "name": secret, "related_job": secret })).await,
        ];
        for answer in answers {
            assert!(answer.status >= 400 && !answer.text().contains(&secret[4..]), "{target}: {answer}");
        }
    }
}

/// Sends four times as much as fits: each connection sends nearly all of a large list, and the end once as many are
/// there as fit. The others wait meanwhile, or are answered 503.
#[cfg(target_os = "linux")]
#[actix_web::test]
async fn many_large_bodies_at_once_take_no_more_memory_than_they_may() {
    const BODY: usize = 4 << 20;
    // Nine sixteenths of the budget are for bytes: four bodies, and a third of that for one token. The time limits suit
    // a busy machine.
    let service =
        Service::on_sqlite_with(&[("STINT_HTTP__BODY_BUDGET", "32MiB"), ("STINT_HTTP__REQUEST_TIMEOUT", "1m")]);
    let token = json!({ "name": "editor", "creates_jobs": true });
    let mut heads = Vec::new();
    for _ in 0..4 {
        let token = service.api.post("/capture-tokens", &token).await.expect(201).json();
        heads.push(format!(
            "POST /api/wakatime/v1/users/current/heartbeats.bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {BODY}\r\n\r\n[",
            text(&token, "secret")
        ));
    }
    let body = vec![b' '; BODY - 2];
    let (arrived, arrivals) = tokio::sync::watch::channel(0);
    let before = service.most_memory();
    let (service, body, arrived, arrivals) = (&service, &body, &arrived, &arrivals);
    let senders = heads.iter().cycle().take(24).map(|head| async move {
        let mut connection = Connection::open(service.api.address()).await;
        connection.write(head).await;
        // A client that is refused meanwhile cannot write to the end.
        if connection.write(body).await {
            arrived.send_modify(|arrived| *arrived += 1);
        }
        arrivals.clone().wait_for(|arrived| *arrived >= 4).await.unwrap();
        match connection.exchange("]").await {
            Reply::Answer(answer) => answer.status,
            // The server had answered, but this client had not read it.
            Reply::Closed => 503,
        }
    });
    let statuses = join_all(senders).await;
    assert!(statuses.iter().all(|status| matches!(status, 201 | 503)), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 201).count() >= 4, "{statuses:?}");
    let took = service.most_memory() - before;
    assert!(took < 64 << 20, "bodies took {} MiB", took >> 20);
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn gzip_bombs_take_no_memory() {
    let service = Service::on_sqlite();
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let before = service.most_memory();
    let bombs = (0..20).map(|_| async {
        let request = service.api.request("POST", "/jobs").body("application/json", bomb.clone());
        request.header("content-encoding", "gzip").await.expect_problem(413, "body-too-large");
    });
    join_all(bombs).await;
    let took = service.most_memory() - before;
    assert!(took < 64 << 20, "bombs took {} MiB", took >> 20);
}
