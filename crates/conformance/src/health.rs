//! The duties of a [`HealthCheck`].
//!
//! No port can change the backend, so the clauses on changes need help: an adapter whose backend can be broken also
//! runs [`health_check_notices!`](crate::health_check_notices) and says how to break it.

use std::sync::Arc;

use futures::future::BoxFuture;
use stint_domain::HealthCheck;

use crate::Fixture;
use crate::ledger::concurrency::together;

/// The health check of a backend that is ready.
pub type Health = Fixture<dyn HealthCheck>;

/// A backend that is ready, and how to break and mend it, for example by reverting and running a migration.
#[derive(Clone)]
pub struct Breakable {
    /// The health check of a backend that is ready.
    pub health: Health,
    /// Breaks the backend.
    pub spoil: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
    /// Mends the backend.
    pub mend: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// Makes one test of each duty of a health check. The argument is an `async fn() -> Fixture<dyn HealthCheck>`.
#[macro_export]
macro_rules! health_check {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (health) {
                a_backend_that_is_ready_passes,
                many_may_ask_at_once,
            }
        }
    };
}

/// Makes one test of each duty of a health check towards a backend that changes. The argument is an `async fn() ->
/// Breakable`.
#[macro_export]
macro_rules! health_check_notices {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (health) {
                the_answer_is_about_the_present,
            }
        }
    };
}

/// The backend is reachable, its schema fits, and it accepts writes.
pub async fn a_backend_that_is_ready_passes(health: Health) {
    health.port.check().await.unwrap();
    // The first trial has left nothing behind that would make a second one fail.
    health.port.check().await.unwrap();
}

/// A load balancer and a person may ask at the same time.
pub async fn many_may_ask_at_once(health: Health) {
    let answers = together(10, |_| {
        let health = health.clone();
        async move { health.port.check().await }
    })
    .await;
    for answer in answers {
        answer.unwrap();
    }
}

/// The answer is not a cached one: the check fails as soon as the backend is broken, and succeeds as soon as it is
/// mended.
pub async fn the_answer_is_about_the_present(backend: Breakable) {
    for _ in 0..2 {
        backend.health.port.check().await.unwrap();
        (backend.spoil)().await;
        backend.health.port.check().await.unwrap_err();
        (backend.mend)().await;
    }
    backend.health.port.check().await.unwrap();
}
