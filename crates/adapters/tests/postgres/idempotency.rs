//! How long outcomes are stored.

use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey};
use stint_domain::values::TokenId;

use super::*;

const HOURS: i64 = 3600;

#[tokio::test]
async fn an_outcome_is_kept_for_a_day_and_forgotten_after_two() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    let token = TokenId::new(id());
    let keyed = |key: &str, seconds| {
        let key = IdempotencyKey::new(key).unwrap();
        let idempotency = Some(Idempotency { token, key, fingerprint: Fingerprint([7; 32]) });
        RecordTime { at: at(seconds), idempotency, ..half_an_hour(&job) }
    };
    let mut connection = connection(&database);
    let mut kept = || number(&mut connection, "SELECT count(*) AS n FROM idempotency_keys");
    let first = postgres.record(keyed("first", 0)).await.unwrap();
    postgres.record(keyed("second", 24 * HOURS)).await.unwrap();
    assert_eq!(kept(), 2);
    let repeat = postgres.record(keyed("first", 24 * HOURS)).await.unwrap();
    assert_eq!((repeat.replayed, repeat.outcome), (true, first.outcome));
    postgres.record(keyed("third", 48 * HOURS + 1)).await.unwrap();
    assert_eq!(kept(), 2);
    assert!(!postgres.record(keyed("first", 48 * HOURS + 2)).await.unwrap().replayed);
}
