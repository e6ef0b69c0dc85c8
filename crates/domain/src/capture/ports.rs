//! The queue of waiting pings, the store of logged ones, and the daily bound on new projects.

pub mod new_project;
pub mod ping;
pub mod ping_queue;

use std::sync::Arc;

pub use new_project::NewProjects;
pub use ping::PingRepository;
pub use ping_queue::PingQueue;
#[cfg(any(test, feature = "mocks"))]
pub use {new_project::MockNewProjects, ping::MockPingRepository, ping_queue::MockPingQueue};

/// What the use cases on captured time need.
#[derive(Clone)]
pub struct CapturePorts {
    /// Where pings wait.
    pub queue: Arc<dyn PingQueue>,
    /// Pings that were dealt with.
    pub pings: Arc<dyn PingRepository>,
    /// For how many new projects a token may have jobs made.
    pub new_projects: Arc<dyn NewProjects>,
}

impl CapturePorts {
    /// The ports of an adapter that implements them all.
    pub fn of<A: PingQueue + PingRepository + NewProjects + 'static>(adapter: &Arc<A>) -> Self {
        Self { queue: adapter.clone(), pings: adapter.clone(), new_projects: adapter.clone() }
    }
}

#[cfg(any(test, feature = "mocks"))]
impl CapturePorts {
    /// Ports that expect no call.
    pub fn mocks() -> Self {
        Self {
            queue: Arc::new(MockPingQueue::new()),
            pings: Arc::new(MockPingRepository::new()),
            new_projects: Arc::new(MockNewProjects::new()),
        }
    }
}
