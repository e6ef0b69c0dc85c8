//! When to report that the process is alive. A report is sent only after evidence within the manager's limit.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::ServiceManager;
use crate::probe::{Answer, Target};

/// Reports within the manager's limit.
const BEATS: u32 = 3;
/// How long a starting service may take for one answer, and the pause before it is asked again.
const FIRST_ANSWER: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);

/// Returns once the service answers.
pub(super) async fn answers(service: &Target) {
    let mut told = String::new();
    while let Err(error) = alive(service.get("/healthz", FIRST_ANSWER).await) {
        // Log each error once, not with each try.
        let error = error.to_string();
        if error != told {
            tracing::warn!(error, "the service does not answer its own requests yet");
            told = error;
        }
        sleep(AGAIN).await;
    }
}

/// Reports alive for each answer of the service to its own request. A request may take as long as the manager's limit,
/// and others are sent meanwhile. So a busy service passes as long as it accepts new connections and answers them
/// within about two thirds of the limit. If its listener or all of its threads are stuck, nothing is reported.
pub(super) async fn beat_while_answering(manager: &ServiceManager, service: &Target) -> Infallible {
    let Some(limit) = manager.watchdog else { return pending().await };
    let (mut ticks, mut asked) = (ticks(limit), JoinSet::new());
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let service = service.clone();
                asked.spawn(async move { service.get("/healthz", limit).await });
            }
            Some(answer) = asked.join_next() => match alive_or_busy(answer.unwrap_or_else(|error| Err(error.into()))) {
                Ok(()) => manager.tell("WATCHDOG=1"),
                Err(error) => tracing::warn!(%error, "the service does not answer its own requests"),
            }
        }
    }
}

/// Reports alive whenever the event loop comes round.
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

/// Also accepts 503, the answer when there are too many connections: busy is not stuck.
fn alive_or_busy(answer: io::Result<Answer>) -> io::Result<()> {
    match answer {
        Ok(Answer { status: 503, .. }) => Ok(()),
        answer => alive(answer),
    }
}

fn alive(answer: io::Result<Answer>) -> io::Result<()> {
    match answer?.status {
        200 => Ok(()),
        status => Err(io::Error::other(format!("/healthz answered {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use tempfile::TempDir;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::*;

    /// A manager's limit that is far longer than anything in these tests takes, except the interval of reports.
    const LIMIT: Duration = Duration::from_millis(900);

    struct Played {
        _dir: TempDir,
        ear: tokio::net::UnixDatagram,
        manager: ServiceManager,
        listener: TcpListener,
        service: Target,
    }

    impl Played {
        async fn new(limit: Duration) -> Self {
            let dir = TempDir::new().unwrap();
            let path = dir.path().join("notify");
            let ear = UnixDatagram::bind(&path).unwrap();
            ear.set_nonblocking(true).unwrap();
            let usec = limit.as_micros().to_string();
            let manager = ServiceManager::new(|name| match name {
                "NOTIFY_SOCKET" => Some(path.clone().into()),
                "WATCHDOG_USEC" => Some(usec.clone().into()),
                _ => None,
            });
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let service = Target::of_address(listener.local_addr().unwrap());
            let ear = tokio::net::UnixDatagram::from_std(ear).unwrap();
            Self { _dir: dir, ear, manager, listener, service }
        }

        /// The watchdog's next connection.
        async fn asked(&self) -> TcpStream {
            self.listener.accept().await.unwrap().0
        }

        fn has_heard_nothing(&self) -> bool {
            self.ear.try_recv(&mut [0; 64]).is_err()
        }

        async fn hears(&self) -> String {
            let mut words = [0; 64];
            let length = self.ear.recv(&mut words).await.unwrap();
            String::from_utf8_lossy(&words[..length]).into_owned()
        }
    }

    async fn answer(mut stream: TcpStream, status: &str) {
        // Read all of it: unread bytes would reset the connection.
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn ready_is_said_after_the_first_good_answer_and_not_before() {
        let played = Played::new(LIMIT).await;
        let service = async {
            answer(played.asked().await, "503 Service Unavailable").await;
            drop(played.asked().await);
            let third = played.asked().await;
            assert!(played.has_heard_nothing());
            answer(third, "200 OK").await;
            assert_eq!(played.hears().await, "READY=1\nSTATUS=serving");
        };
        tokio::select! {
            never = played.manager.follow(&played.service, "serving") => match never {},
            () = service => {}
        }
    }

    #[tokio::test]
    async fn who_takes_connections_and_answers_none_gives_no_sign_of_life() {
        let played = Played::new(Duration::from_millis(60)).await;
        let service = async {
            let mut unanswered = Vec::new();
            // More than the tries of three whole limits.
            for _ in 0..10 {
                unanswered.push(played.asked().await);
            }
            assert!(played.has_heard_nothing());
        };
        tokio::select! {
            never = beat_while_answering(&played.manager, &played.service) => match never {},
            () = service => {}
        }
    }

    #[tokio::test]
    async fn who_answers_badly_gives_no_sign_of_life_until_it_answers_well() {
        let played = Played::new(Duration::from_millis(300)).await;
        let service = async {
            for _ in 0..3 {
                answer(played.asked().await, "500 Internal Server Error").await;
            }
            assert!(played.has_heard_nothing());
            for well in ["200 OK", "503 Service Unavailable"] {
                answer(played.asked().await, well).await;
                assert_eq!(played.hears().await, "WATCHDOG=1");
            }
        };
        tokio::select! {
            never = beat_while_answering(&played.manager, &played.service) => match never {},
            () = service => {}
        }
    }

    /// Busy is not stuck.
    #[tokio::test]
    async fn an_answer_counts_that_comes_after_the_next_question() {
        let played = Played::new(LIMIT).await;
        let service = async {
            let first = played.asked().await;
            let _second = played.asked().await;
            answer(first, "200 OK").await;
            assert_eq!(played.hears().await, "WATCHDOG=1");
        };
        tokio::select! {
            never = beat_while_answering(&played.manager, &played.service) => match never {},
            () = service => {}
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_when_there_is_no_watchdog() {
        let played = Played::new(Duration::ZERO).await;
        let asked = tokio::select! {
            never = beat_while_answering(&played.manager, &played.service) => match never {},
            asked = timeout(Duration::from_millis(50), played.asked()) => asked,
        };
        assert!(asked.is_err());
    }
}
