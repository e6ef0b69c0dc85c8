//! When to say that the process is alive: a sign goes out as long as what it stands for was seen within the manager's limit.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::ServiceManager;
use crate::probe::{Answer, Target};

/// Signs of life within the manager's limit.
const BEATS: u32 = 3;
/// How long a service that begins may take for one answer before it is asked again, and the pause before that.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);

/// Returns once the service answers.
pub(super) async fn answers(service: &Target) {
    while let Err(error) = alive(service.get("/healthz", FIRST_ANSWER).await) {
        tracing::warn!(%error, "the service does not answer itself yet");
        sleep(AGAIN).await;
    }
}

/// Gives a sign of life for each answer of the service to itself. A try may take as long as the manager waits, and others
/// are under way meanwhile, so a service that is only busy is left alone as long as it takes new connections and answers
/// them within about two thirds of the limit; one whose listener or threads are stuck gives no sign.
pub(super) async fn beat_while_answering(manager: &ServiceManager, service: &Target) -> Infallible {
    let Some(limit) = manager.watchdog else { return pending().await };
    let (mut ticks, mut asked) = (ticks(limit), JoinSet::new());
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let service = service.clone();
                asked.spawn(async move { service.get("/healthz", limit).await });
            }
            Some(answer) = asked.join_next() => match alive(answer.unwrap_or_else(|error| Err(error.into()))) {
                Ok(()) => manager.tell("WATCHDOG=1"),
                Err(error) => tracing::warn!(%error, "the service does not answer itself"),
            }
        }
    }
}

/// Gives a sign of life whenever the event loop comes round.
pub(super) async fn beat(manager: &ServiceManager) -> Infallible {
    let Some(limit) = manager.watchdog else { return pending().await };
    let mut ticks = ticks(limit);
    loop {
        ticks.tick().await;
        manager.tell("WATCHDOG=1");
    }
}

fn ticks(limit: Duration) -> Interval {
    let mut ticks = interval((limit / BEATS).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn alive(answer: io::Result<Answer>) -> io::Result<()> {
    match answer?.status {
        200 => Ok(()),
        status => Err(io::Error::other(format!("/healthz answered {status}"))),
    }
}
