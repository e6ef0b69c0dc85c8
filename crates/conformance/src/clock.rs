//! The duties of a [`Clock`]. They do not apply to a clock that a test sets.

use std::time::SystemTime;

use stint_domain::Clock;
use stint_domain::values::Timestamp;

use crate::Fixture;

/// Makes one test of each duty of a clock. The argument is an `async fn() -> Fixture<dyn Clock>`.
#[macro_export]
macro_rules! clock {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (clock) {
                the_clock_tells_the_present_moment_in_utc,
                the_clock_tells_microseconds,
            }
        }
    };
}

/// The time lies between the operating system's time before and after, to the microsecond.
pub async fn the_clock_tells_the_present_moment_in_utc(clock: Fixture<dyn Clock>) {
    let before = system_time();
    let now = clock.port.now();
    assert!(before <= now && now <= system_time(), "{now} is not the present moment {before}");
}

/// A clock that gives whole milliseconds ten times in a row is too coarse.
pub async fn the_clock_tells_microseconds(clock: Fixture<dyn Clock>) {
    let mut finer = false;
    for _ in 0..10 {
        finer |= clock.port.now().as_micros() % 1000 != 0;
        tokio::task::yield_now().await;
    }
    assert!(finer);
}

#[expect(clippy::disallowed_methods, reason = "the clause compares the Clock port with the time it is to tell")]
fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()).unwrap()
}
