//! The health endpoints against a mocked port.

use stint_domain::{BackendErrorKind, NotReady};

use crate::test::{Ports, TestRequest, failure, send};

#[actix_web::test]
async fn being_alive_needs_neither_token_nor_database() {
    let reply = send(&Ports::new().api(), TestRequest::with_uri("/healthz")).await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &br#"{"status":"ok"}"#[..]));
}

#[actix_web::test]
async fn being_ready_needs_a_database_with_a_schema_that_fits() {
    for (found, status) in [
        (Ok(()), 200),
        (Err(NotReady::Behind(vec!["2026_add_tags".to_owned()])), 503),
        (Err(NotReady::Ahead(vec!["2027_contract_tags".to_owned()])), 503),
        (Err(failure(BackendErrorKind::Unavailable).into()), 503),
        (Err(failure(BackendErrorKind::Internal).into()), 503),
    ] {
        let mut ports = Ports::new();
        ports.health.expect_check().return_once(|| found);
        let reply = send(&ports.api(), TestRequest::with_uri("/readyz")).await;
        assert_eq!(reply.status, status);
        if status == 503 {
            assert_eq!((reply.code().as_str(), reply.header("retry-after")), ("unavailable", "1"));
            assert!(!String::from_utf8_lossy(&reply.body).contains("password"));
        }
    }
}
