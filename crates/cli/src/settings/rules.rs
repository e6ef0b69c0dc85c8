//! What must hold between settings, or of one beyond its form: each would do harm later, when nobody looks.

use std::time::Duration;

use stint_domain::capture::Gap;
use stint_domain::ledger::Idempotency;

use super::{Period, Settings};

/// How much longer than pings may come in they are kept: a ping needs its neighbours, which are at most a day away, and
/// clocks differ.
const PING_MARGIN: Duration = Duration::from_hours(48);
/// The most pings that are logged together: they are in memory at once, and their jobs locked.
const MOST_GROUPED: usize = 10_000;
/// More memory for bodies than anyone means.
const MOST_FOR_BODIES: usize = 4 << 30;

/// The first key whose value breaks a rule, and the rule.
pub(super) fn broken(settings: &Settings) -> Option<(&'static str, String)> {
    let Settings { http, capture, worker, retention, .. } = settings;
    let largest = http.body_limit.0.max(http.batch_limit.0);
    if !(largest.saturating_mul(2)..MOST_FOR_BODIES).contains(&http.body_budget.0) {
        let rule = "must be at least twice http.body_limit and http.batch_limit, and below 4096MiB";
        return Some(("http.body_budget", rule.to_owned()));
    }
    let (keys, pings) = (retention.idempotency_keys.0, retention.pings.0);
    if !(Idempotency::PROMISED..=Idempotency::KEPT).contains(&keys) {
        return Some(("retention.idempotency_keys", "must be from `24h` to `48h`".to_owned()));
    }
    if pings < capture.max_age.0.saturating_add(PING_MARGIN) {
        let accepted = in_days(capture.max_age);
        let rule = format!("must be at least 2 days more than capture.max_age, which is {accepted}");
        return Some(("retention.pings", rule));
    }
    if retention.task_runs.0 < Duration::from_hours(24) {
        return Some(("retention.task_runs", "must be at least `1d`".to_owned()));
    }
    if Gap::try_from(capture.gap.0).is_err() {
        return Some(("capture.gap", "must be whole seconds, from `1s` to `1d`".to_owned()));
    }
    if http.write_timeout.0 < Duration::from_secs(1) {
        return Some(("http.write_timeout", "must be at least `1s`".to_owned()));
    }
    if worker.abandoned_after.0 < Duration::from_secs(10) {
        return Some(("worker.abandoned_after", "must be at least `10s`".to_owned()));
    }
    if !(1..=MOST_GROUPED).contains(&worker.group) {
        return Some(("worker.group", format!("must be from 1 to {MOST_GROUPED}")));
    }
    None
}

/// A period as an operator would write a long one.
fn in_days(period: Period) -> String {
    let hours = period.as_secs_up().div_ceil(3_600);
    if hours.is_multiple_of(24) { format!("{} days", hours / 24) } else { format!("{hours} hours") }
}
