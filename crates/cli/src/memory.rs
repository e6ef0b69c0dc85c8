//! Returns free memory to the system, also while the process is idle.
//!
//! The allocator returns pages a second after they were freed, but looks for them only when more memory is freed. When
//! a rush of requests ends, nothing more is freed, and the memory would stay. Each thread has its own heap and returns
//! only that heap's pages.

use std::hint::black_box;
use std::time::Duration;

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

/// How often the allocator is made to look.
const OFTEN: Duration = Duration::from_secs(10);
/// Larger than any page that several allocations share, so that freeing it makes the allocator return pages.
const PAGES: usize = 1 << 20;

/// Makes the allocator look for free pages as long as this thread runs.
pub(crate) fn keep_giving_back() {
    rt::spawn(async {
        let mut times = interval(OFTEN);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            times.tick().await;
            // Nothing is written to it, so it uses no memory itself.
            drop(black_box(Vec::<u8>::with_capacity(PAGES)));
        }
    });
}
