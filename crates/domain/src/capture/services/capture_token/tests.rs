//! Who may make, see and change capture tokens.

use uuid::Uuid;

use super::*;
use crate::access::ports::token::Expiry;
use crate::access::ports::{MockSecrets, MockTokenRepository};
use crate::access::{Scopes, SecretHash, TokenKind};
use crate::ledger::ports::MockJobRepository;
use crate::test::{at, job, principal, sources};
use crate::values::Subject;

fn service(tokens: MockTokenRepository, jobs: MockJobRepository) -> CaptureTokenService {
    let mut secrets = MockSecrets::new();
    let secret = TokenSecret::new("0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a").unwrap();
    secrets.expect_generate().returning(move |_| Ok(secret.clone()));
    secrets.expect_hash().return_const(SecretHash([7; 32]));
    let access = AccessPorts { tokens: Arc::new(tokens), secrets: Arc::new(secrets) };
    let ledger = LedgerPorts { jobs: Arc::new(jobs), ..LedgerPorts::mocks() };
    CaptureTokenService::new(&access, &ledger, &sources(), Gap::new(60).unwrap())
}

fn draft() -> CaptureTokenDraft {
    let zone = "Europe/Berlin".parse().unwrap();
    CaptureTokenDraft { name: Subject::new("editor").unwrap(), zone, expires_at: None }
}

fn jobs() -> MockJobRepository {
    let mut jobs = MockJobRepository::new();
    jobs.expect_find().returning(|id| Ok(Some(job()).filter(|job| job.id == id)));
    jobs
}

fn token(capture: Option<CaptureRule>) -> Token {
    Token {
        id: TokenId::new(Uuid::from_u128(3)),
        name: Subject::new("editor").unwrap(),
        subject: Subject::new("ada").unwrap(),
        kind: if capture.is_some() { TokenKind::Capture } else { TokenKind::Api },
        person: None,
        scopes: if capture.is_some() { Scopes::CAPTURE } else { "admin".parse().unwrap() },
        capture,
        secret_hash: SecretHash([7; 32]),
        created_at: at(),
        expires_at: None,
        revoked_at: None,
        made_by: None,
        last_used_at: None,
    }
}

fn rule(target: CaptureTarget) -> CaptureRule {
    CaptureRule { target, zone: "Europe/Berlin".parse().unwrap(), gap: Gap::new(60).unwrap() }
}

#[tokio::test]
async fn a_token_speaks_for_its_maker_remembers_it_and_gets_the_present_gap() {
    for target in [CaptureTarget::Job(job().id), CaptureTarget::Projects { create: true }] {
        let mut tokens = MockTokenRepository::new();
        tokens.expect_create().times(1).returning(|_| Ok(()));
        let service = service(tokens, jobs());
        let (token, secret) = match target {
            CaptureTarget::Job(job) => service.create_for_job(&principal("write"), job, draft()).await.unwrap(),
            CaptureTarget::Projects { create } => {
                service.create_for_projects(&principal("write"), create, draft()).await.unwrap()
            }
        };
        assert_eq!((token.subject.as_str(), token.scopes, token.capture), ("ada", Scopes::CAPTURE, Some(rule(target))));
        assert_eq!(token.made_by, Some(principal("write").token));
        assert!(TokenSecret::for_capture(secret.expose()).is_ok());
    }
}

#[tokio::test]
async fn a_job_that_there_is_not_gets_no_token() {
    let missing = JobId::new(Uuid::max());
    let mut tokens = MockTokenRepository::new();
    tokens.expect_list_capturing().returning(|_| Ok(Page { items: vec![], next: None }));
    let service = service(tokens, jobs());
    let refused = service.create_for_job(&principal("write"), missing, draft()).await;
    assert!(matches!(refused, Err(ServiceError::Port(JobOfTokenError::JobNotFound(id))) if id == missing));
    let refused = service.list_of_job(&principal("read"), missing, ListCapturing::default()).await;
    assert!(matches!(refused, Err(ServiceError::Port(JobOfTokenError::JobNotFound(id))) if id == missing));
    let none = service.list_of_job(&principal("read"), job().id, ListCapturing::default()).await.unwrap();
    assert!(none.items.is_empty());
}

#[tokio::test]
async fn other_tokens_can_neither_be_seen_nor_changed_nor_revoked() {
    let mut tokens = MockTokenRepository::new();
    tokens.expect_find().returning(|_| Ok(Some(token(None))));
    let (service, admin, id) = (service(tokens, jobs()), principal("admin"), token(None).id);
    assert_eq!(service.find(&admin, id).await.unwrap(), None);
    let changes = TokenChanges { expiry: Some(Expiry::Never), ..TokenChanges::default() };
    let refused = service.update(&admin, id, changes).await;
    assert!(matches!(refused, Err(ServiceError::Port(ChangeTokenError::NotFound(_)))));
    let refused = service.revoke(&admin, id).await;
    assert!(matches!(refused, Err(ServiceError::Port(ChangeTokenError::NotFound(_)))));
}

#[tokio::test]
async fn reading_needs_read_and_changing_write() {
    let service = service(MockTokenRepository::new(), MockJobRepository::new());
    let (id, job) = (token(None).id, job().id);
    let (reader, writer) = (principal("read"), principal("write"));
    assert!(matches!(service.find(&writer, id).await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.list(&writer, ListCapturing::default()).await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.create_for_job(&reader, job, draft()).await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.create_for_projects(&reader, true, draft()).await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.update(&reader, id, TokenChanges::default()).await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.revoke(&reader, id).await, Err(ServiceError::Forbidden(_))));
}
