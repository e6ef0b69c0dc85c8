//! Another binary: the API over an adapter that brings jobs, time entries, tokens and a health check, and nothing else.

use std::error::Error;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use stint_adapters::caching::CachedTokens;
use stint_adapters::not_offered::NotOffered;
use stint_adapters::system::{RandomSecrets, SystemClock, UuidV7Generator};
use stint_domain::HealthCheck;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::services::{Authenticator, TokenDraft, TokenService};
use stint_domain::background::services::TaskService;
use stint_domain::capture::services::{CaptureLimits, CaptureTokenService, PingService};
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository};
use stint_domain::ledger::services::{JobService, TimeEntryService};
use stint_domain::values::Subject;
use stint_web::{Api, BodyBudget, HttpMetrics, Limits, Surface};

/// What requests need. `HttpServer::new(move || stint_web::app(api.clone()))` answers them.
fn api<A>(adapter: &Arc<A>, registry: &mut Registry) -> Api
where
    A: JobRepository + TimeEntryRepository + TokenRepository + HealthCheck + 'static,
{
    let (clock, ids, secrets) = (Arc::new(SystemClock), Arc::new(UuidV7Generator), Arc::new(RandomSecrets));
    let (none, limits) = (Arc::new(NotOffered), CaptureLimits::default());
    let tokens = Arc::new(CachedTokens::new(adapter.clone(), clock.clone()));
    let (jobs, entries, metrics) = (adapter.clone(), adapter.clone(), HttpMetrics::new(registry));
    Api {
        jobs: JobService::new(jobs.clone(), clock.clone(), ids.clone()),
        time_entries: TimeEntryService::new(entries, jobs.clone(), clock.clone(), ids.clone()),
        capture_tokens: CaptureTokenService::new(
            tokens.clone(),
            jobs,
            secrets.clone(),
            clock.clone(),
            ids.clone(),
            limits.gap,
        ),
        pings: PingService::new(none.clone(), none.clone(), none.clone(), clock.clone(), ids.clone(), limits),
        tasks: TaskService::new(none),
        authenticator: Authenticator::new(tokens, secrets, clock),
        health: adapter.clone(),
        ids,
        surface: Surface::default(),
        limits: Limits::default(),
        bodies: BodyBudget::new(64 << 20, &metrics),
        show_causes: false,
        metrics,
    }
}

/// Makes a token that may do everything, and gives its secret, which cannot be had again: print it once.
async fn first_token(tokens: Arc<dyn TokenRepository>) -> Result<String, Box<dyn Error>> {
    let (clock, ids, secrets) = (Arc::new(SystemClock), Arc::new(UuidV7Generator), Arc::new(RandomSecrets));
    let (name, scopes) = (Subject::new("operator")?, "admin".parse()?);
    let service = TokenService::new(tokens, secrets, clock, ids);
    let (_, secret) = service.create(TokenDraft { name, subject: None, scopes, expires_at: None }).await?;
    Ok(secret.expose().to_owned())
}

// The guide ends here.

use actix_web::HttpServer;
use serde_json::{Value, json};
use stint_adapters::memory::Memory;

#[test]
fn the_guide_shows_the_binary_that_is_tried_here() {
    const GUIDE: &str = include_str!("../../../docs/extending-adapters.md");
    let (shown, _) = include_str!("another_binary.rs").split_once("\n// The guide ends here.\n").unwrap();
    let (_, code) = shown.split_once("\n\n").unwrap();
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
