//! What a [`HealthCheck`] owes.
//!
//! That it notices a change needs a way to change the backend, which no port has: an adapter that can be taken out of
//! order runs [`health_check_notices!`](crate::health_check_notices) too and says how.

use std::sync::Arc;

use futures::future::BoxFuture;
use stint_domain::HealthCheck;

use crate::Fixture;
use crate::ledger::concurrency::together;

/// The health check of a backend that is ready.
pub type Health = Fixture<dyn HealthCheck>;

/// A backend that is ready, and how to take it out of order and put it back, such as by undoing and redoing a migration.
#[derive(Clone)]
pub struct Breakable {
    /// The health check, of a backend that is ready.
    pub health: Health,
    /// Takes the backend out of order.
    pub spoil: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
    /// Puts it back.
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

/// Makes one test of each duty of a health check towards a backend that changes. The argument is an
/// `async fn() -> Breakable`.
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

/// Reachable, with a schema that fits, and able to write.
pub async fn a_backend_that_is_ready_passes(health: Health) {
    health.port.check().await.unwrap();
    // Whatever was tried for that is gone by now, and can be tried again.
    health.port.check().await.unwrap();
}

/// A balancer and a person look at the same time.
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

/// Not a remembered one: it fails as soon as the backend is out of order, and passes as soon as it is back.
pub async fn the_answer_is_about_the_present(backend: Breakable) {
    for _ in 0..2 {
        backend.health.port.check().await.unwrap();
        (backend.spoil)().await;
        backend.health.port.check().await.unwrap_err();
        (backend.mend)().await;
    }
    backend.health.port.check().await.unwrap();
}
