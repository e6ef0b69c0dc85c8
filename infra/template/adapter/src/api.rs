//! The API over a storage of jobs, entries and tokens, and nothing else: it captures no time and runs no tasks.

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
pub fn api<A>(adapter: &Arc<A>, registry: &mut Registry) -> Api
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
pub async fn first_token(tokens: Arc<dyn TokenRepository>) -> Result<String, Box<dyn Error>> {
    let (clock, ids, secrets) = (Arc::new(SystemClock), Arc::new(UuidV7Generator), Arc::new(RandomSecrets));
    let (name, scopes) = (Subject::new("operator")?, "admin".parse()?);
    let service = TokenService::new(tokens, secrets, clock, ids);
    let (_, secret) = service.create(TokenDraft { name, subject: None, scopes, expires_at: None }).await?;
    Ok(secret.expose().to_owned())
}
