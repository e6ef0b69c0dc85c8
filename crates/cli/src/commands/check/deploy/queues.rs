//! Checks each queue of pings, also one that takes no new pings.

use std::time::Duration;

use stint_domain::capture::ports::ping_queue::QueueDepth;
use stint_domain::values::Timestamp;

use super::Finding;
use crate::wiring::Ports;

/// Longer than any ping waits while a worker runs.
const LONG: Duration = Duration::from_mins(10);

pub(super) async fn look(ports: &Ports) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, queue) in &ports.ping_queues {
        match queue.depth().await {
            Ok(depth) => findings.extend(judge(place, depth, ports.sources.clock.now())),
            Err(error) => findings.push(Finding::serious(
                format!("cannot read the state of the queue of pings in {place}: {error}: {}", error.source),
                format!("make sure that {place} answers, and that Stint has the permissions in docs/operations.md"),
            )),
        }
    }
    findings
}

fn judge(place: &str, depth: QueueDepth, now: Timestamp) -> Vec<Finding> {
    let QueueDepth { waiting, oldest, dead } = depth;
    let mut findings = Vec::new();
    let waited = |since: &Timestamp| u128::try_from(now.as_micros() - since.as_micros()).unwrap_or_default();
    if let Some(since) = oldest.filter(|since| waited(since) > LONG.as_micros()) {
        findings.push(Finding::warning(
            format!("pings wait in {place}: {waiting}, the first of them since {since}"),
            "make sure that `stint worker` runs and logs them; if it does not, its log says why",
        ));
    }
    if dead > 0 {
        findings.push(Finding::warning(
            format!("pings were set aside in {place}: {dead}"),
            "`stint pings dead` says why; once the cause is fixed, `stint pings replay --all` puts them back",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(depth: QueueDepth) -> Vec<String> {
        let now = Timestamp::from_micros(3_600_000_000).unwrap();
        judge("the database", depth, now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn pings_that_nobody_logs_or_that_were_set_aside_are_found() {
        let since = |seconds: i64| Some(Timestamp::from_micros(seconds * 1_000_000).unwrap());
        assert_eq!(findings(QueueDepth { waiting: 9, oldest: since(3_590), dead: 0 }), [""; 0]);
        let found = findings(QueueDepth { waiting: 9, oldest: since(2_000), dead: 3 });
        assert!(
            found[0].starts_with("warning: pings wait in the database: 9, the first of them since 1970-01-01T00:33:20")
        );
        assert!(found[1].starts_with("warning: pings were set aside in the database: 3\n"));
        // A clock that was set back, and one that is far wrong.
        assert_eq!(findings(QueueDepth { waiting: 1, oldest: Some(Timestamp::MAX), dead: 0 }), [""; 0]);
    }
}
