//! Asking again until something is so that nobody tells of.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;

use crate::support::PATIENCE;

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer.
pub(super) async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask).await
}

/// Asks until there is an answer, as there must be to a question that is asked after this time. How long the answer takes is
/// not counted: that is the machine's affair.
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
