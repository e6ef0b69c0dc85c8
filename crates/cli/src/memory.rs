//! Memory goes back to the system once it is free, also when nothing goes on any more.
//!
//! The allocator gives pages back a second after they were freed, but looks for them only when it frees more: after a rush
//! nobody does, and what that took would stay. Each thread has a heap of its own, and frees what is in there alone.

use std::hint::black_box;
use std::time::Duration;

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

/// How often the allocator is made to look.
const OFTEN: Duration = Duration::from_secs(10);
/// More than any page holds that is for several allocations, so that freeing it ends in giving pages back.
const PAGES: usize = 1 << 20;

/// Makes the allocator look for free pages as long as this thread runs.
pub(crate) fn keep_giving_back() {
    rt::spawn(async {
        let mut times = interval(OFTEN);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            times.tick().await;
            // Nothing is written to it, so it takes no memory itself.
            drop(black_box(Vec::<u8>::with_capacity(PAGES)));
        }
    });
}
