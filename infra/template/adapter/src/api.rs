//! The API over a storage of jobs, entries and tokens, and nothing else: it captures no time, runs no tasks and lets
//! nobody sign in.

use std::error::Error;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use stint_adapters::caching::CachedTokens;
use stint_adapters::not_offered::NotOffered;
use stint_adapters::system::{RandomSecrets, SystemClock, UuidV7Generator};
use stint_domain::access::ports::{AccessPorts, TokenRepository};
use stint_domain::access::services::{AccessServices, Grant, TokenDraft};
use stint_domain::background::services::TaskService;
use stint_domain::capture::ports::CapturePorts;
use stint_domain::capture::services::{CaptureLimits, CaptureServices};
use stint_domain::ledger::ports::{LedgerAdapter, LedgerPorts};
use stint_domain::ledger::services::LedgerServices;
use stint_domain::people::PeopleRules;
use stint_domain::people::ports::PeoplePorts;
use stint_domain::people::services::PeopleServices;
use stint_domain::timers::services::TimerService;
use stint_domain::values::Subject;
use stint_domain::{HealthCheck, Sources};
use stint_web::{Api, BodyBudget, HttpMetrics, Limits, Surface};

/// What requests need. `HttpServer::new(move || stint_web::app(api.clone()))` answers them.
pub fn api<A>(adapter: &Arc<A>, registry: &mut Registry) -> Api
where
    A: LedgerAdapter + TokenRepository + HealthCheck + 'static,
{
    let sources = Sources { clock: Arc::new(SystemClock), ids: Arc::new(UuidV7Generator) };
    let tokens = Arc::new(CachedTokens::new(adapter.clone(), sources.clock.clone()));
    let access = AccessPorts { tokens, secrets: Arc::new(RandomSecrets) };
    let (ledger, none) = (LedgerPorts::of(adapter), Arc::new(NotOffered));
    let (capture, limits) = (CapturePorts::of(&none), CaptureLimits::default());
    let people =
        PeoplePorts { people: none.clone(), passwords: none.clone(), identities: none.clone(), provider: None };
    let metrics = HttpMetrics::new(registry);
    Api {
        ledger: LedgerServices::over(&ledger, &sources),
        capture: CaptureServices::over(&capture, &access, &ledger, &sources, limits),
        access: AccessServices::over(&access, &sources),
        people: PeopleServices::over(&people, &access, &sources, &PeopleRules::default()),
        timers: TimerService::new(none.clone(), &sources),
        tasks: TaskService::new(none),
        health: adapter.clone(),
        ids: sources.ids,
        surface: Surface::default(),
        limits: Limits::default(),
        bodies: BodyBudget::new(64 << 20, &metrics),
        show_causes: false,
        metrics,
    }
}

/// Makes a token that may do everything, and gives its secret, which cannot be had again: print it once.
pub async fn first_token(tokens: Arc<dyn TokenRepository>) -> Result<String, Box<dyn Error>> {
    let sources = Sources { clock: Arc::new(SystemClock), ids: Arc::new(UuidV7Generator) };
    let access = AccessPorts { tokens, secrets: Arc::new(RandomSecrets) };
    let (name, scopes) = (Subject::new("operator")?, "admin".parse()?);
    let grant = Grant::Scopes(scopes);
    let draft = TokenDraft { name, subject: None, grant, expires_at: None, person: None, made_by: None };
    let (_, secret) = AccessServices::over(&access, &sources).tokens.create(draft).await?;
    Ok(secret.expose().to_owned())
}
