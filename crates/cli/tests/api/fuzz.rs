//! Random requests: none gets a 5xx, and totals equal sums.
//!
//! Half of them are valid requests with parts replaced, which reach deeper code than noise does. A failure shows its
//! request.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::ledger::{chosen_id, entry_of, id};
use super::raw::{Connection, Reply};
use super::service::{Service, on_both_databases};

on_both_databases!(no_json_that_chance_makes_breaks_the_service, no_bytes_that_chance_makes_break_the_service,);

const REQUESTS: usize = 250;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2i64..1443).prop_map(Value::from),
        ".{0,150}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}".prop_map(Value::from),
        any::<[u8; 16]>().prop_map(|bytes| Value::from(uuid::Uuid::from_bytes(bytes).to_string())),
        prop_oneof![Just("open"), Just("archived"), Just("atomic"), Just("per_item")].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any_name(), inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] =
        &["id", "name", "status", "total_minutes", "related_job", "minutes_worked", "date_stamp", "work_summary"];
    prop_oneof![3 => prop::sample::select(KNOWN).prop_map(str::to_owned), 1 => any::<String>()]
}

/// A valid body with up to three members replaced, added or removed; or any JSON at all.
fn any_body(good: Vec<Value>) -> impl Strategy<Value = Value> {
    let edit = (any_name(), prop::option::of(any_json()));
    let edited = (prop::sample::select(good), prop::collection::vec(edit, 0..3)).prop_map(|(mut body, edits)| {
        let members = body.as_object_mut().unwrap();
        for (name, value) in edits {
            match value {
                Some(value) => members.insert(name, value),
                None => members.remove(&name),
            };
        }
        body
    });
    prop_oneof![2 => edited, 1 => any_json()]
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

async fn no_json_that_chance_makes_breaks_the_service(service: Service) {
    let api = &service.api;
    let job = api.new_job("Fuzzed").await;
    let logged = id(&api.log(&job, 30).await);
    let item = entry_of(&job, 5);
    let good = vec![
        json!({ "name": "x", "status": "open" }),
        item.clone(),
        json!({ "minutes_worked": 5, "date_stamp": "2026-01-01", "work_summary": "" }),
        json!({ "mode": "per_item", "items": [item, {}] }),
    ];
    let routes = prop::sample::select(vec![
        ("POST", "/jobs".to_owned()),
        ("PUT", format!("/jobs/{job}")),
        ("PATCH", format!("/jobs/{job}")),
        ("POST", format!("/jobs/{job}/time-entries")),
        ("PUT", format!("/time-entries/{}", chosen_id())),
        ("PUT", format!("/time-entries/{logged}")),
        ("PATCH", format!("/time-entries/{logged}")),
        ("POST", "/time-entries/batch".to_owned()),
    ]);
    let mut runner = TestRunner::default();
    for _ in 0..REQUESTS {
        let ((method, target), body) = (draw(&mut runner, &routes), draw(&mut runner, &any_body(good.clone())));
        let answer = api.request(method, &target).json(&body).await;
        assert!(answer.status < 500, "{method} {target} {body}\n{answer}");
    }
    service.assert_totals_are_sums().await;
}

async fn no_bytes_that_chance_makes_break_the_service(service: Service) {
    let api = &service.api;
    let job = api.new_job("Fuzzed").await;
    let part = || prop_oneof![3 => "[ -~]{0,60}", 1 => "[%/?&=a-f0-9.+~-]{0,60}"];
    let targets = prop_oneof![
        part().prop_map(|part| format!("/{part}")),
        part().prop_map(|part| format!("/api/v1/jobs?{part}")),
        part().prop_map(|part| format!("/api/v1/jobs/{part}")),
        part().prop_map(|part| format!("/api/v1/time-entries?{part}")),
        part().prop_map(|part| format!("/api/v1/time-entries/{part}")),
        Just(format!("/api/v1/jobs/{job}/time-entries")),
    ];
    let methods = prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("PATCH"), Just("DELETE")];
    let names = prop::sample::select(vec![
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "X-Request-Id",
        "Content-Type",
        "Accept",
        "Expect",
        "Range",
        "X",
    ]);
    let header =
        (names, prop::collection::vec(any::<u8>().prop_filter("ends a line", |b| !b"\r\n".contains(b)), 0..80));
    let requests = (methods, targets, prop::collection::vec(header, 0..3), prop::collection::vec(any::<u8>(), 0..200));
    let mut runner = TestRunner::default();
    for _ in 0..REQUESTS {
        let (method, target, headers, body) = draw(&mut runner, &requests);
        let mut bytes =
            format!("{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n", api.authorization()).into_bytes();
        for (name, value) in headers {
            bytes.extend([name.as_bytes(), b": ", value.as_slice(), b"\r\n"].concat());
        }
        bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
        bytes.extend(body);
        let mut connection = Connection::open(api.address()).await;
        connection.write(&bytes).await;
        connection.finish().await;
        if let Reply::Answer(answer) = connection.reply().await {
            assert!(answer.status < 500, "{}\n--\n{answer}", String::from_utf8_lossy(&bytes));
        }
    }
    service.assert_totals_are_sums().await;
}
