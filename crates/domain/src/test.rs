//! What the services' tests share: a fixed time, counted ids, one principal, one job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::access::{Principal, TokenKind};
use crate::ledger::{Job, JobName, JobStatus};
use crate::values::{JobId, Subject, Timestamp, TokenId};
use crate::{Clock, IdGenerator, MockClock, MockIdGenerator, Sources};

pub(super) fn at() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).unwrap()
}

fn clock() -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(at());
    Arc::new(clock)
}

fn ids() -> Arc<dyn IdGenerator> {
    let (mut ids, last) = (MockIdGenerator::new(), AtomicU64::new(0));
    ids.expect_generate().returning(move || Uuid::from_u128(u128::from(last.fetch_add(1, Ordering::Relaxed)) + 1));
    Arc::new(ids)
}

pub(super) fn sources() -> Sources {
    Sources { clock: clock(), ids: ids() }
}

pub(super) fn principal(scopes: &str) -> Principal {
    Principal {
        token: TokenId::new(Uuid::from_u128(9)),
        kind: TokenKind::Api,
        person: None,
        subject: Subject::new("ada").unwrap(),
        scopes: scopes.parse().unwrap(),
    }
}

pub(super) fn job() -> Job {
    Job::new(JobId::new(Uuid::from_u128(5)), JobName::new("Research").unwrap(), JobStatus::Open, at())
}
