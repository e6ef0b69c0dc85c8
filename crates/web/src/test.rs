//! What the handlers' tests share: an API over mocked ports, requests to it, and replies.
//!
//! Every reply that a test gets is compared with the OpenAPI document (`test/documented.rs`).

mod documented;

pub(crate) use documented::conforms;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
pub(crate) use actix_web::test::TestRequest;
use actix_web::test::{init_service, read_body, try_call_service};
use actix_web::web::Bytes;
use prometheus_client::registry::Registry;
use serde_json::Value;
use stint_domain::access::ports::token::KnownToken;
use stint_domain::access::ports::{AccessPorts, MockSecrets, MockTokenRepository, Secrets};
use stint_domain::access::services::AccessServices;
use stint_domain::access::{Scopes, SecretHash, Token, TokenKind, TokenSecret};
use stint_domain::background::ports::MockTaskLog;
use stint_domain::background::services::TaskService;
use stint_domain::capture::ports::{CapturePorts, MockNewProjects, MockPingQueue, MockPingRepository};
use stint_domain::capture::services::{CaptureLimits, CaptureServices};
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping};
use stint_domain::ledger::ports::{LedgerPorts, MockJobRepository, MockTimeEntryRepository};
use stint_domain::ledger::services::LedgerServices;
use stint_domain::ledger::{Job, JobName, JobStatus, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::people::PeopleRules;
use stint_domain::people::ports::{MockPersonRepository, PeoplePorts};
use stint_domain::people::services::PeopleServices;
use stint_domain::timers::ports::MockTimerRepository;
use stint_domain::timers::services::TimerService;
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp, Version};
use stint_domain::{BackendError, BackendErrorKind, MockClock, MockHealthCheck, MockIdGenerator, Sources};
use uuid::Uuid;

use crate::{Api, BodyBudget, HttpMetrics, Limits, Surface, app};

/// The secret of a token. Its first letter is its scope: `r`ead, `w`rite, `a`dmin or `o`wn. `x` is unknown, and `f` fails.
pub(crate) fn secret(kind: &str) -> String {
    format!("stint_{}", kind.repeat(43))
}

/// The secret of a capture token: `b`ound to a job, bound to `n`one, `c`reating jobs. `x` is unknown, `o` revoked, `f`
/// fails.
pub(crate) fn capture_secret(kind: char) -> String {
    let digit = match kind {
        'b' => '1',
        'n' => '2',
        'c' => '3',
        'o' => '4',
        'f' => '5',
        _ => '6',
    };
    format!("{digit}b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a")
}

/// The ports of an API, on which a test sets its expectations.
pub(crate) struct Ports {
    pub(crate) jobs: MockJobRepository,
    pub(crate) time_entries: MockTimeEntryRepository,
    pub(crate) health: MockHealthCheck,
    pub(crate) queue: MockPingQueue,
    pub(crate) pings: MockPingRepository,
    /// Admits every project, unless a test sets something else.
    pub(crate) new_projects: Option<MockNewProjects>,
    pub(crate) tasks: MockTaskLog,
    /// What the service of capture tokens uses. Who is acting is looked up elsewhere.
    pub(crate) tokens: MockTokenRepository,
    pub(crate) people: MockPersonRepository,
    pub(crate) timers: MockTimerRepository,
}

impl Ports {
    /// Ports that must not be called.
    pub(crate) fn new() -> Self {
        Self {
            jobs: MockJobRepository::new(),
            time_entries: MockTimeEntryRepository::new(),
            health: MockHealthCheck::new(),
            queue: MockPingQueue::new(),
            pings: MockPingRepository::new(),
            new_projects: None,
            tasks: MockTaskLog::new(),
            tokens: MockTokenRepository::new(),
            people: MockPersonRepository::new(),
            timers: MockTimerRepository::new(),
        }
    }

    /// An API whose port of jobs has these expectations.
    pub(crate) fn jobs(expect: impl FnOnce(&mut MockJobRepository)) -> Api {
        let mut ports = Self::new();
        expect(&mut ports.jobs);
        ports.api()
    }

    /// An API whose port of time entries has these expectations.
    pub(crate) fn time_entries(expect: impl FnOnce(&mut MockTimeEntryRepository)) -> Api {
        let mut ports = Self::new();
        expect(&mut ports.time_entries);
        ports.api()
    }

    /// The API over them.
    pub(crate) fn api(self) -> Api {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(at());
        let (mut ids, last) = (MockIdGenerator::new(), AtomicU64::new(0));
        ids.expect_generate().returning(move || Uuid::from_u128(u128::from(last.fetch_add(1, Ordering::Relaxed)) + 1));
        let (clock, ids) = (Arc::new(clock), Arc::new(ids));
        let metrics = HttpMetrics::new(&mut Registry::default());
        let sources = Sources { clock, ids: ids.clone() };
        let mut ledger = LedgerPorts::mocks();
        (ledger.jobs, ledger.time_entries) = (Arc::new(self.jobs), Arc::new(self.time_entries));
        let secrets: Arc<dyn Secrets> = Arc::new(secrets());
        let capturing = AccessPorts { tokens: Arc::new(self.tokens), secrets: secrets.clone() };
        let mut people = PeoplePorts::mocks();
        people.people = Arc::new(self.people);
        let mut capture = CapturePorts::mocks();
        (capture.queue, capture.pings) = (Arc::new(self.queue), Arc::new(self.pings));
        capture.new_projects = Arc::new(self.new_projects.unwrap_or_else(admitting));
        Api {
            ledger: LedgerServices::over(&ledger, &sources),
            capture: CaptureServices::over(&capture, &capturing, &ledger, &sources, CaptureLimits::default()),
            access: AccessServices::over(&AccessPorts { tokens: Arc::new(tokens()), secrets }, &sources),
            people: PeopleServices::over(&people, &capturing, &sources, &PeopleRules::default()),
            timers: TimerService::new(Arc::new(self.timers), &sources),
            tasks: TaskService::new(Arc::new(self.tasks)),
            health: Arc::new(self.health),
            ids,
            surface: Surface::default(),
            limits: Limits::default(),
            bodies: BodyBudget::new(64 << 20, &metrics),
            show_causes: false,
            metrics,
        }
    }
}

/// Admits every new project.
pub(crate) fn admitting() -> MockNewProjects {
    let mut new_projects = MockNewProjects::new();
    new_projects.expect_admit().returning(|command| Ok(vec![true; command.projects.len()]));
    new_projects
}

fn secrets() -> MockSecrets {
    let mut secrets = MockSecrets::new();
    secrets.expect_generate().returning(|kind| {
        Ok(match TokenSecret::prefix(kind) {
            None => TokenSecret::new(&capture_secret('b')).unwrap(),
            Some(prefix) => TokenSecret::of(kind, &format!("{prefix}{}", "n".repeat(43))).unwrap(),
        })
    });
    secrets.expect_hash().returning(|secret| {
        let secret = secret.expose().as_bytes();
        // Secrets differ in the first letter, and those of capture tokens in the first digit.
        SecretHash([if secret[0] == b's' { secret[6] } else { secret[0] }; 32])
    });
    secrets
}

fn tokens() -> MockTokenRepository {
    let mut tokens = MockTokenRepository::new();
    tokens.expect_find_by_hash().returning(|hash| {
        let (scopes, target) = match hash.0[0] {
            b'r' => ("read", None),
            b'w' => ("write", None),
            b'a' => ("admin", None),
            b'o' => ("own", None),
            b'1' | b'4' => ("capture", Some(CaptureTarget::Job(job().id))),
            b'2' => ("capture", Some(CaptureTarget::Projects { create: false })),
            b'3' => ("capture", Some(CaptureTarget::Projects { create: true })),
            b'f' | b'5' => return Err(failure(BackendErrorKind::Unavailable)),
            _ => return Ok(None),
        };
        let revoked_at = Some(at()).filter(|_| hash.0[0] == b'4');
        let capture = target.map(|target| CaptureRule { target, ..rule() });
        let kind = if capture.is_some() { TokenKind::Capture } else { TokenKind::Api };
        let scopes = scopes.parse().unwrap();
        let token = Token { kind, scopes, capture, secret_hash: hash, revoked_at, ..token() };
        Ok(Some(KnownToken { token, standing: None }))
    });
    tokens
}

/// The rule of a capture token: its pings count for the job.
pub(crate) fn rule() -> CaptureRule {
    let zone = "Asia/Tokyo".parse().unwrap();
    CaptureRule { target: CaptureTarget::Job(job().id), zone, gap: Gap::default() }
}

/// A capture token of the job.
pub(crate) fn token() -> Token {
    Token {
        id: TOKEN.parse().unwrap(),
        name: Subject::new("laptop").unwrap(),
        subject: Subject::new("ada").unwrap(),
        kind: TokenKind::Capture,
        person: None,
        scopes: Scopes::CAPTURE,
        capture: Some(rule()),
        secret_hash: SecretHash([b'1'; 32]),
        created_at: at(),
        expires_at: None,
        revoked_at: None,
        made_by: None,
        last_used_at: None,
    }
}

pub(crate) fn at() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).unwrap()
}

pub(crate) const JOB: &str = "00000000-0000-0000-0000-000000000005";
pub(crate) const TOKEN: &str = "00000000-0000-0000-0000-000000000009";
pub(crate) const ENTRY: &str = "00000000-0000-0000-0000-000000000007";

pub(crate) fn job() -> Job {
    Job {
        id: JOB.parse::<JobId>().unwrap(),
        name: JobName::new("Research").unwrap(),
        status: JobStatus::Open,
        total_minutes: TotalMinutes::new(90).unwrap(),
        version: Version::new(17).unwrap(),
        created_at: at(),
        updated_at: at(),
    }
}

pub(crate) fn entry() -> TimeEntry {
    TimeEntry {
        id: ENTRY.parse::<TimeEntryId>().unwrap(),
        related_job: job().id,
        minutes_worked: Minutes::new(90).unwrap(),
        date_stamp: "2026-01-02".parse().unwrap(),
        work_summary: WorkSummary::new("read \"papers\"\n").unwrap(),
        created_by: Subject::new("ada").unwrap(),
        version: Version::new(18).unwrap(),
        created_at: at(),
        updated_at: at(),
    }
}

/// A failure whose cause no caller may see.
pub(crate) fn failure(kind: BackendErrorKind) -> BackendError {
    BackendError::new("postgres", kind, "the password of db.internal is wrong")
}

/// A request with a token of this kind.
pub(crate) fn by(kind: &str, method: &str, uri: &str) -> TestRequest {
    TestRequest::with_uri(uri)
        .method(method.parse().unwrap())
        .insert_header((header::AUTHORIZATION, format!("Bearer {}", secret(kind))))
}

/// A request of an admin with a JSON body.
pub(crate) fn sent(method: &str, uri: &str, body: impl std::fmt::Display) -> TestRequest {
    by("a", method, uri).insert_header((header::CONTENT_TYPE, "application/json")).set_payload(body.to_string())
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The value of a header, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body as JSON, null when there is none.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The problem's code. Also checks what all problems have in common.
    pub(crate) fn code(&self) -> String {
        let problem = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{problem}");
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        problem["code"].as_str().unwrap().to_owned()
    }

    /// The pointers and parameters of the problem's errors.
    pub(crate) fn places(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors in {problem}")).iter();
        errors.map(|e| e["pointer"].as_str().or(e["parameter"].as_str()).unwrap().to_owned()).collect()
    }
}

/// Sends a request, and checks that the document describes the reply.
pub(crate) async fn send(api: &Api, request: TestRequest) -> Reply {
    let request = request.to_request();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let service = init_service(app(api.clone())).await;
    let response = try_call_service(&service, request).await.expect("every failure is a response");
    let (status, headers) = (response.status(), response.headers().clone());
    let reply = Reply { status, headers, body: read_body(response).await };
    assert!(!reply.header("x-request-id").is_empty());
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert!(!reply.header("cache-control").is_empty());
    documented::check(&method, &path, &reply);
    reply
}

/// The pings that a queue accepted.
pub(crate) type Pushed = Arc<Mutex<Vec<Ping>>>;

/// An API whose queue accepts every ping, and the pings that it accepted.
pub(crate) fn queue() -> (Api, Pushed) {
    let (mut ports, pushed) = (Ports::new(), Pushed::default());
    let taken = pushed.clone();
    ports.queue.expect_push().returning(move |pings| {
        taken.lock().unwrap().extend(pings);
        Ok(())
    });
    (ports.api(), pushed)
}
