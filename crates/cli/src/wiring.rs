//! From settings to ports: the only place that knows which adapter implements each port.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use prometheus_client::registry::Registry;
use stint_adapters::caching::{CachedProjects, CachedTokens};
use stint_adapters::capture::redis::{Redis, RedisSettings};
use stint_adapters::capture::spooling::Spooling;
use stint_adapters::coalescing::{Coalescing, CoalescingSettings, CoalescingSizes};
use stint_adapters::identity_provider::{OpenIdProvider, ProviderSettings};
use stint_adapters::migrations::Migrator;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_adapters::sqlite::{Sqlite, SqliteSettings};
use stint_adapters::system::{Argon2Passwords, RandomSecrets, SystemClock, UuidV7Generator};
use stint_adapters::turns::QueueLimits;
use stint_domain::access::Token;
use stint_domain::access::ports::token::ListTokens;
use stint_domain::access::ports::{AccessPorts, TokenRepository};
use stint_domain::access::services::{AccessServices, TokenService};
use stint_domain::background::ports::{Housekeeping, TaskLog};
use stint_domain::background::services::TaskService;
use stint_domain::capture::Gap;
use stint_domain::capture::ports::{CapturePorts, NewProjects, PingQueue, PingRepository};
use stint_domain::capture::services::{CaptureLimits, CaptureServices};
use stint_domain::ledger::ports::{JobRepository, LedgerPorts, TimeEntryRepository, TotalsAudit};
use stint_domain::ledger::services::LedgerServices;
use stint_domain::people::PeopleRules;
use stint_domain::people::ports::{IdentityProvider, IdentityRepository, PeoplePorts, PersonRepository};
use stint_domain::people::services::{PeopleServices, PersonService};
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::services::TimerService;
use stint_domain::values::JobId;
use stint_domain::{BackendError, HealthCheck, NotReady, PageSize, Sources};
use stint_web::{Api, BodyBudget, HttpMetrics, Limits, Surface};
use tokio::time::timeout;

use crate::output::one_line;
use crate::settings::{
    self, Configuration, DatabaseSettings, DatabaseUrl, HttpSettings, PostgresUrl, Settings, WhenQueueIsDown,
};

/// How many groups of pings may run beside those of the ledger: one each for push, take, log and settle.
const OF_PINGS: usize = 4;

/// All ports, connected to their adapters.
pub(crate) struct Ports {
    ledger: LedgerPorts,
    pub(crate) capture: CapturePorts,
    access: AccessPorts,
    people: Arc<dyn PersonRepository>,
    identities: Arc<dyn IdentityRepository>,
    timers: Arc<dyn TimerRepository>,
    pub(crate) sources: Sources,
    /// The limits of captured time.
    pub(crate) limits: CaptureLimits,
    pub(crate) health: Arc<dyn HealthCheck>,
    pub(crate) totals: Arc<dyn TotalsAudit>,
    /// The queues behind the queue of pings, each with the name of its place.
    pub(crate) ping_queues: Vec<(&'static str, Arc<dyn PingQueue>)>,
    pub(crate) tasks: Arc<dyn TaskLog>,
    pub(crate) housekeeping: Arc<dyn Housekeeping>,
    pub(crate) migrator: Migrator,
    /// The backend whose server goes on with statements that nobody waits for.
    server: Option<Postgres>,
}

/// How long the database may take to end running statements.
const LAST_WORDS: Duration = Duration::from_secs(3);

impl Ports {
    /// Connects to the database, and registers the metrics of its pools and queues in `registry`.
    pub(crate) async fn connect(settings: &Settings, registry: &mut Registry) -> Result<Self> {
        let coalescing = coalescing(&settings.coalescing);
        let limits = capture(&settings.capture)?;
        let (all, settings) = (settings, &settings.database);
        let queue = QueueLimits { max_waiting: settings.max_waiting, max_wait: settings.connect_timeout.0 };
        let failed = || format!("cannot use the database {}", settings.url);
        match &settings.url {
            DatabaseUrl::Postgres(url) => {
                // Look-ups have connections of their own, but for a pooler's.
                let look_ups = if settings.transaction_pooling { coalescing.groups_of_look_ups() } else { 0 };
                let groups = coalescing.groups_of_writes() + look_ups + OF_PINGS;
                let group_pool_size = u32::try_from(groups).context("too many groups ([coalescing])")?;
                let postgres = postgres_settings(settings, queue, url, group_pool_size);
                let postgres = Postgres::connect(&postgres).await.with_context(failed)?;
                postgres.register(registry);
                let ledger = Coalescing::new(postgres.clone(), coalescing);
                ledger.register(registry);
                let table = postgres.ping_queue();
                if !all.redis.url.is_some() {
                    table.register(registry);
                }
                let (queue, migrator) = (ping_queue(all, table, registry)?, postgres.migrator());
                let server = Some(postgres.clone());
                Ok(Self { server, ..Self::over(ledger, postgres, queue, limits, migrator) })
            }
            DatabaseUrl::Sqlite(path) => {
                let sqlite = sqlite_settings(settings, queue, path);
                let sqlite = Sqlite::open(&sqlite).with_context(failed)?;
                sqlite.register(registry);
                let ledger = Coalescing::new(sqlite.clone(), coalescing.with_one_writer());
                ledger.register(registry);
                let table = sqlite.ping_queue();
                if !all.redis.url.is_some() {
                    table.register(registry);
                }
                let (queue, migrator) = (ping_queue(all, table, registry)?, sqlite.migrator());
                Ok(Self::over(ledger, sqlite, queue, limits, migrator))
            }
        }
    }

    /// `ledger` groups the calls of jobs and time entries. Every other port is the backend itself.
    fn over<L, B>(
        ledger: L,
        backend: B,
        (queue, ping_queues): Queues,
        limits: CaptureLimits,
        migrator: Migrator,
    ) -> Self
    where
        L: JobRepository + TimeEntryRepository + 'static,
        B: TokenRepository
            + PersonRepository
            + IdentityRepository
            + TimerRepository
            + HealthCheck
            + TotalsAudit
            + PingRepository
            + NewProjects
            + TaskLog
            + Housekeeping
            + 'static,
    {
        let (ledger, backend) = (Arc::new(ledger), Arc::new(backend));
        Self {
            ledger: LedgerPorts { jobs: ledger.clone(), time_entries: ledger },
            capture: CapturePorts { queue, pings: backend.clone(), new_projects: backend.clone() },
            access: AccessPorts { tokens: backend.clone(), secrets: Arc::new(RandomSecrets) },
            people: backend.clone(),
            identities: backend.clone(),
            timers: backend.clone(),
            sources: Sources { clock: Arc::new(SystemClock), ids: Arc::new(UuidV7Generator) },
            limits,
            health: backend.clone(),
            totals: backend.clone(),
            ping_queues,
            tasks: backend.clone(),
            housekeeping: backend,
            migrator,
            server: None,
        }
    }

    /// Ends every running statement, for the end of the process. SQLite's statements end with the process.
    pub(crate) async fn end_statements(&self) {
        let Some(server) = &self.server else { return };
        match timeout(LAST_WORDS, server.end_statements()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(reason = one_line(&error.into()), "cannot end the running statements"),
            Err(_elapsed) => tracing::warn!("the database did not end the running statements in time"),
        }
    }

    /// Succeeds if the schema fits this program; otherwise the error says which command helps.
    pub(crate) async fn require_schema(&self) -> Result<()> {
        match self.migrator.check().await {
            Ok(state) if state.unknown.is_empty() => {}
            Ok(state) => tracing::warn!(
                migrations = state.unknown.join(", "),
                "a newer release expanded the database; this release goes on working"
            ),
            Err(behind @ NotReady::Behind(_)) => return Err(anyhow!("{behind}; run `stint migrate`")),
            Err(ahead @ NotReady::Ahead(_)) => {
                return Err(anyhow!("{ahead}; run that release, or revert with its `stint migrate --down`"));
            }
            Err(NotReady::Backend(error)) => return Err(error.into()),
        }
        Ok(())
    }

    pub(crate) fn access(&self) -> AccessServices {
        AccessServices::over(&self.access, &self.sources)
    }

    /// Use cases on accounts, for operators.
    pub(crate) fn people(&self) -> PersonService {
        PersonService::new(&self.people, &self.access.secrets, &self.sources)
    }

    /// All tokens, oldest first, a page at a time.
    pub(crate) fn all_tokens(&self) -> TokenPages {
        TokenPages { service: self.access().tokens, next: Some(ListTokens::default()) }
    }

    /// Whether the job exists.
    pub(crate) async fn has_job(&self, id: JobId) -> Result<bool, BackendError> {
        Ok(self.ledger.jobs.find(id).await?.is_some())
    }

    /// The API over these ports. Tokens are cached; `health` may be a decorator of the port's own.
    ///
    /// Fails if the thread that hashes passwords, or the one that fetches from the provider, cannot be started.
    pub(crate) fn api(
        &self,
        configuration: &Configuration,
        health: Arc<dyn HealthCheck>,
        metrics: HttpMetrics,
    ) -> Result<Api> {
        let sources = &self.sources;
        // Over the cache, so that this instance forgets a token at once when it revokes it.
        let tokens = Arc::new(CachedTokens::new(self.access.tokens.clone(), sources.clock.clone()));
        let access = AccessPorts { tokens, ..self.access.clone() };
        let new_projects = Arc::new(CachedProjects::new(self.capture.new_projects.clone()));
        let capture = CapturePorts { new_projects, ..self.capture.clone() };
        let passwords = Argon2Passwords::start().context("cannot start the thread that hashes passwords")?;
        let settings = &configuration.settings;
        let people = PeoplePorts {
            people: self.people.clone(),
            passwords: Arc::new(passwords),
            identities: self.identities.clone(),
            provider: provider(settings, sources)?,
        };
        Ok(Api {
            ledger: LedgerServices::over(&self.ledger, sources),
            capture: CaptureServices::over(&capture, &access, &self.ledger, sources, self.limits),
            people: PeopleServices::over(&people, &access, sources, &people_rules(settings)),
            access: AccessServices::over(&access, sources),
            timers: TimerService::new(self.timers.clone(), sources),
            tasks: TaskService::new(self.tasks.clone()),
            health,
            ids: sources.ids.clone(),
            surface: surface(&settings.http),
            limits: limits(&settings.http),
            bodies: BodyBudget::new(settings.http.body_budget.0, &metrics),
            show_causes: configuration.environment.is_development(),
            metrics,
        })
    }
}

/// The remaining pages of tokens.
pub(crate) struct TokenPages {
    service: TokenService,
    next: Option<ListTokens>,
}

impl TokenPages {
    /// The next page, or none after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Token>>, BackendError> {
        let Some(query) = self.next.take() else { return Ok(None) };
        let page = self.service.list(ListTokens { size: PageSize::LARGEST, ..query }).await?;
        self.next = page.next.map(|after| ListTokens { after: Some(after), ..query });
        Ok(Some(page.items))
    }
}

/// The queue of pings, and the queues behind it with their places.
type Queues = (Arc<dyn PingQueue>, Vec<(&'static str, Arc<dyn PingQueue>)>);

/// The queue where pings wait: in Redis if there is one, else in the database. The database's table is drained in any
/// case: it may hold pings that Redis could not take, or pings from before Redis was set up.
fn ping_queue(settings: &Settings, table: impl PingQueue + 'static, registry: &mut Registry) -> Result<Queues> {
    let table: Arc<dyn PingQueue> = Arc::new(table);
    let Some(redis) = redis(settings)? else { return Ok((table.clone(), vec![("the database", table)])) };
    redis.register(registry);
    let redis: Arc<dyn PingQueue> = Arc::new(redis);
    let both = match settings.capture.when_queue_is_down {
        WhenQueueIsDown::Refuse => Spooling::refusing(redis.clone(), table.clone()),
        WhenQueueIsDown::Spool => Spooling::new(redis.clone(), table.clone()),
    };
    Ok((Arc::new(both), vec![("Redis", redis), ("the database", table)]))
}

/// The Redis of the settings, if there is one. Nothing is sent to it yet.
pub(crate) fn redis(settings: &Settings) -> Result<Option<Redis>> {
    let Some(url) = settings.redis.url.expose() else { return Ok(None) };
    let (connect_timeout, response_timeout) = (settings.redis.connect_timeout.0, settings.redis.response_timeout.0);
    let redis = RedisSettings::new(url, connect_timeout, response_timeout);
    Redis::open(&redis).map(Some).with_context(|| format!("cannot use the Redis {}", settings.redis.url))
}

/// The OpenID provider of the settings, if there is one. Nothing is sent to it yet.
fn provider(settings: &Settings, sources: &Sources) -> Result<Option<Arc<dyn IdentityProvider>>> {
    let Settings { http, oidc, .. } = settings;
    if !oidc.issuer.is_some() {
        return Ok(None);
    }
    let base = format!("{}{}", http.public_url, http.base_path);
    let provider = ProviderSettings {
        issuer: oidc.issuer.as_str().to_owned(),
        client_id: oidc.client_id.clone(),
        client_secret: oidc.client_secret.expose().to_owned(),
        scopes: oidc.scopes.clone(),
        redirect_uri: format!("{base}/auth/oidc/callback"),
        after_sign_out: format!("{base}/sign-in"),
        name: oidc.name.clone(),
        role_claim: oidc.role_claim.clone(),
        bearer_audience: oidc.bearer_audience.clone(),
    };
    let provider = OpenIdProvider::start(provider, sources.clock.clone());
    let provider = provider.with_context(|| format!("cannot use the provider {}", oidc.issuer.as_str()))?;
    Ok(Some(Arc::new(provider)))
}

fn people_rules(Settings { people, oidc, .. }: &Settings) -> PeopleRules {
    PeopleRules {
        local_passwords: people.local_passwords,
        create_people: oidc.create_people,
        roles: oidc.roles.table(),
    }
}

fn postgres_settings(
    settings: &DatabaseSettings,
    queue: QueueLimits,
    url: &PostgresUrl,
    group_pool_size: u32,
) -> PostgresSettings {
    PostgresSettings {
        url: url.expose().to_owned(),
        pool_size: settings.pool_size,
        group_pool_size,
        connect_timeout: settings.connect_timeout.0,
        statement_timeout: settings.statement_timeout.0,
        lock_timeout: settings.lock_timeout.0,
        group_lock_timeout: PostgresSettings::GROUP_LOCK_TIMEOUT,
        group_uses_per_plan: PostgresSettings::GROUP_USES_PER_PLAN,
        health_timeout: PostgresSettings::HEALTH_TIMEOUT,
        queue,
        transaction_pooling: settings.transaction_pooling,
    }
}

fn sqlite_settings(settings: &DatabaseSettings, queue: QueueLimits, path: &Path) -> SqliteSettings {
    SqliteSettings {
        path: path.to_owned(),
        readers: settings.pool_size,
        busy_timeout: settings.busy_timeout.0,
        health_timeout: SqliteSettings::HEALTH_TIMEOUT,
        queue,
    }
}

fn coalescing(settings: &settings::CoalescingSettings) -> CoalescingSettings {
    CoalescingSettings::new(CoalescingSizes {
        writers: settings.writers.get(),
        readers: settings.readers.get(),
        max_rows: settings.max_rows.get(),
        max_ids: settings.max_ids.get(),
        page_readers: settings.page_readers.get(),
        max_page_rows: settings.max_page_rows.get(),
        max_waiting: settings.max_waiting.get(),
    })
}

fn capture(settings: &settings::CaptureSettings) -> Result<CaptureLimits> {
    let gap = Gap::try_from(settings.gap.0).with_context(|| format!("capture.gap is {}", settings.gap))?;
    let (max_age, new_jobs_per_day) = (settings.max_age.0, settings.new_jobs_per_day);
    Ok(CaptureLimits { gap, max_age, new_jobs_per_day, ..CaptureLimits::default() })
}

fn surface(http: &HttpSettings) -> Surface {
    Surface::new(http.base_path.clone(), http.cors_origins.clone())
        .reached_at(http.public_url.clone())
        .behind(http.trusted_proxies.clone())
}

fn limits(http: &HttpSettings) -> Limits {
    Limits { body_bytes: http.body_limit.0, batch_bytes: http.batch_limit.0, request_timeout: http.request_timeout.0 }
}

#[cfg(test)]
mod tests {
    use crate::settings::Surroundings;

    use super::*;

    /// Otherwise one job that is held for long could take all connections, and no other request would be served.
    #[test]
    fn who_waits_for_a_held_job_gives_up_before_those_who_wait_for_a_connection() {
        let variables = vec![("STINT_DATABASE_URL".into(), "postgres://stint@db/stint".into())];
        let surroundings = Surroundings { variables, ..Surroundings::default() };
        let settings = Configuration::load(&surroundings).unwrap().settings.database;
        let DatabaseUrl::Postgres(url) = &settings.url else { panic!("{}", settings.url) };
        let queue = QueueLimits { max_waiting: settings.max_waiting, max_wait: settings.connect_timeout.0 };
        let postgres = postgres_settings(&settings, queue, url, 1);
        assert!(postgres.lock_timeout < settings.connect_timeout.0, "{postgres:?}");
        assert!(postgres.lock_timeout < postgres.statement_timeout, "{postgres:?}");
    }
}
