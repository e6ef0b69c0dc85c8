//! In memory.

use std::sync::Arc;

use stint_adapters::memory::Memory;
use stint_conformance::capture::ping_queue::Queue;

async fn queue() -> Queue {
    Queue::new(Arc::new(Memory::new()), ())
}

stint_conformance::ping_queue!(queue);
