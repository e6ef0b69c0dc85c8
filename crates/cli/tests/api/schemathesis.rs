//! Tests the service against its own OpenAPI document with a program that we did not write: the service accepts
//! everything that the document allows, refuses what it forbids, and gives only answers that it names. Known
//! differences and their reasons are in `infra/test/schemathesis/known_differences.py`.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::ledger::text;
use super::service::{Service, on_both_databases};

on_both_databases!(the_service_does_what_its_document_says);

async fn the_service_does_what_its_document_says(service: Service) {
    let job = service.api.new_job("Research").await;
    let token = service.api.post(format!("/jobs/{job}/capture-tokens"), &json!({ "name": "door" })).await.expect(201);
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/schemathesis/run");
    let mut command = Command::new(run);
    command
        .arg(format!("http://{}", service.api.address()))
        .env("STINT_TEST_TOKEN", service.secret())
        .env("STINT_TEST_CAPTURE_SECRET", text(&token.json(), "secret"))
        .stdin(Stdio::null());
    let ended = command.output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}\n{complained}");
    service.assert_totals_are_sums().await;
}
