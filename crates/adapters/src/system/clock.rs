//! The system's clock.

use chrono::Utc;
use stint_domain::Clock;
use stint_domain::values::Timestamp;

/// Tells the operating system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port that everything else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::from_datetime(Utc::now()).expect("the system's clock is within the years 1 to 9999")
    }
}
