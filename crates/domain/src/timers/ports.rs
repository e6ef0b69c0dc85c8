//! Where timers are stored.

pub mod timer;

#[cfg(any(test, feature = "mocks"))]
pub use timer::MockTimerRepository;
pub use timer::TimerRepository;
