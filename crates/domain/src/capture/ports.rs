//! The queue of waiting pings, the store of logged ones, and the daily bound on new projects.

pub mod new_project;
pub mod ping;
pub mod ping_queue;

pub use new_project::NewProjects;
pub use ping::PingRepository;
pub use ping_queue::PingQueue;
#[cfg(any(test, feature = "mocks"))]
pub use {new_project::MockNewProjects, ping::MockPingRepository, ping_queue::MockPingQueue};
