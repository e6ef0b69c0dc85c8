//! Polls for states that send no event.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;

use crate::support::PATIENCE;

/// The pause between two polls.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer.
pub(super) async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask).await
}

/// Asks until there is an answer. A question asked after this time must be answered. The time that the answer takes is
/// not counted, because it depends on the machine.
pub(super) async fn within<T>(time: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        let asked_after = start.elapsed();
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(asked_after < time, "{what}: not yet when asked after {asked_after:?}");
        sleep(PAUSE).await;
    }
}
