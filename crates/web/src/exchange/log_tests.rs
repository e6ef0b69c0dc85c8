//! What the log says of requests.

use std::io;
use std::sync::{Arc, Mutex};

use stint_domain::BackendErrorKind;
use tracing::dispatcher::{DefaultGuard, set_default};
use tracing::{Dispatch, Level};
use tracing_subscriber::fmt::MakeWriter;

use crate::test::{Ports, TestRequest, by, failure, secret, send};

/// The lines that were logged.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// Collects what this thread logs while the guards are kept.
    pub(crate) fn of(level: Level) -> (Self, DefaultGuard, Dispatch) {
        let lines = Self::default();
        let subscriber = || {
            let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false);
            Dispatch::new(subscriber.with_max_level(level).finish())
        };
        // `tracing` asks whether anybody wants a line only once. With a single subscriber it asks the one of the thread
        // that comes first, and the threads of other tests have none.
        let second = subscriber();
        let guard = set_default(&subscriber());
        (lines, guard, second)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[actix_web::test]
async fn every_line_of_a_request_has_its_id_and_an_internal_error_its_causes() {
    let (lines, _guard, _second) = Lines::of(Level::INFO);
    let api = Ports::jobs(|jobs| {
        jobs.expect_find().returning(|_| Err(failure(BackendErrorKind::Corrupt)));
    });
    let url = "/api/v1/jobs/00000000-0000-0000-0000-000000000005";
    send(&api, by("r", "GET", url).insert_header(("X-Request-Id", "req-1"))).await;
    let log = lines.text();
    let of_request: Vec<&str> = log.lines().filter(|line| line.contains("request{")).collect();
    assert_eq!(of_request.len(), 2, "{log}");
    assert!(of_request.iter().all(|line| line.contains("request_id=\"req-1\"")), "{log}");
    let [failed, access] = of_request[..] else { panic!("{log}") };
    assert!(
        failed.contains("ERROR") && failed.contains("postgres: corrupt data: the password of db.internal"),
        "{log}"
    );
    for part in
        ["INFO", "stint::access", "method=\"GET\"", "route=\"/api/v1/jobs/{id}\"", "status=500", "subject=\"ada\""]
    {
        assert!(access.contains(part), "{part} is not in {access}");
    }
    assert!(access.contains("duration_ms=") && access.contains("token=00000000-0000-0000-0000-000000000009"), "{log}");
    assert!(!log.contains(&secret("r")), "{log}");

    send(&api, by("r", "DELETE", url)).await;
    let log = lines.text();
    let refused = log.lines().last().unwrap();
    assert!(refused.contains("status=403") && refused.contains("subject=\"ada\""), "{refused}");
}

#[actix_web::test]
async fn good_health_is_no_news_and_bad_health_is() {
    let (lines, _guard, _second) = Lines::of(Level::INFO);
    for healthy in [true, false] {
        let mut ports = Ports::new();
        let answer = move || if healthy { Ok(()) } else { Err(failure(BackendErrorKind::Unavailable).into()) };
        ports.health.expect_check().returning(answer);
        send(&ports.api(), TestRequest::with_uri("/readyz")).await;
    }
    let log = lines.text();
    let access: Vec<_> = log.lines().filter(|line| line.contains("stint::access")).collect();
    assert!(access.len() == 1 && access[0].contains("status=503"), "{log}");
}
