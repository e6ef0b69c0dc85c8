//! Returns free memory to the system, also while the process is idle.
//!
//! The allocator keeps some of what was freed for later, and looks for it only while more is allocated. When a rush of
//! requests ends, nothing more is, and the memory would stay. Each thread has its own heap and returns only that
//! heap's memory.

use std::hint::black_box;
use std::time::Duration;

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

/// How often the allocator is made to look.
const OFTEN: Duration = Duration::from_secs(10);
/// More than any system has: before the allocator refuses it, it returns all that it can.
const TOO_MUCH: usize = isize::MAX as usize;

/// Makes the allocator return free memory as long as this thread runs.
pub(crate) fn keep_giving_back() {
    rt::spawn(async {
        let mut times = interval(OFTEN);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            times.tick().await;
            let _refused = black_box(Vec::<u8>::new()).try_reserve_exact(TOO_MUCH);
        }
    });
}
