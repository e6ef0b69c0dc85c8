//! Rules for values beyond their form, alone or together with other keys. Breaking one would do harm later, when nobody
//! looks. Each rule has the name of its key.

use std::time::Duration;

use stint_domain::capture::Gap;
use stint_domain::ledger::Idempotency;

use super::{Period, Settings};

/// How much longer pings are kept than they may be late: a late ping needs its neighbours, which are at most a day
/// away, and clocks differ.
const PING_MARGIN: Duration = Duration::from_hours(48);
/// The most pings that are logged together: all of them are in memory, and their jobs are locked.
const MOST_GROUPED: usize = 10_000;
/// More memory for bodies than anyone would intend.
const MOST_FOR_BODIES: usize = 4 << 30;

pub(super) fn body_budget(Settings { http, .. }: &Settings) -> Option<String> {
    let largest = http.body_limit.0.max(http.batch_limit.0);
    let holds = (largest.saturating_mul(2)..MOST_FOR_BODIES).contains(&http.body_budget.0);
    unless(holds, || "must be at least twice http.body_limit and http.batch_limit, and below 4096MiB")
}

pub(super) fn write_timeout(Settings { http, .. }: &Settings) -> Option<String> {
    unless(http.write_timeout.0 >= Duration::from_secs(1), || "must be at least `1s`")
}

pub(super) fn local_passwords(Settings { people, oidc, .. }: &Settings) -> Option<String> {
    unless(
        people.local_passwords || oidc.issuer.is_some(),
        || "must be `true` without oidc.issuer: nobody could sign in",
    )
}

pub(super) fn issuer(Settings { http, oidc, .. }: &Settings) -> Option<String> {
    let has_url = !http.public_url.as_str().is_empty();
    let holds = !oidc.issuer.is_some() || has_url && !oidc.client_id.is_empty();
    unless(holds, || "needs http.public_url, to which the provider sends people back, and oidc.client_id")
}

pub(super) fn scopes(Settings { oidc, .. }: &Settings) -> Option<String> {
    unless(oidc.scopes.split(' ').any(|scope| scope == "openid"), || "must have `openid` among them")
}

pub(super) fn role_claim(Settings { oidc, .. }: &Settings) -> Option<String> {
    let holds = oidc.role_claim.is_empty() == oidc.roles.table().is_none();
    unless(holds, || "must be set together with oidc.roles, or not at all")
}

pub(super) fn bearer_audience(Settings { oidc, .. }: &Settings) -> Option<String> {
    unless(oidc.bearer_audience.is_empty() || oidc.issuer.is_some(), || "needs oidc.issuer")
}

pub(super) fn gap(Settings { capture, .. }: &Settings) -> Option<String> {
    unless(Gap::try_from(capture.gap.0).is_ok(), || "must be whole seconds, from `1s` to `1d`")
}

pub(super) fn group(Settings { worker, .. }: &Settings) -> Option<String> {
    unless((1..=MOST_GROUPED).contains(&worker.group), || format!("must be from 1 to {MOST_GROUPED}"))
}

pub(super) fn abandoned_after(Settings { worker, .. }: &Settings) -> Option<String> {
    unless(worker.abandoned_after.0 >= Duration::from_secs(10), || "must be at least `10s`")
}

pub(super) fn idempotency_keys(Settings { retention, .. }: &Settings) -> Option<String> {
    let holds = (Idempotency::PROMISED..=Idempotency::KEPT).contains(&retention.idempotency_keys.0);
    unless(holds, || "must be from `24h` to `48h`")
}

pub(super) fn pings(Settings { capture, retention, .. }: &Settings) -> Option<String> {
    let accepted = capture.max_age;
    unless(retention.pings.0 >= accepted.0.saturating_add(PING_MARGIN), || {
        format!("must be at least 2 days more than capture.max_age, which is {}", in_days(accepted))
    })
}

pub(super) fn task_runs(Settings { retention, .. }: &Settings) -> Option<String> {
    unless(retention.task_runs.0 >= Duration::from_hours(24), || "must be at least `1d`")
}

/// The rule's text, if it is broken.
fn unless<T: Into<String>>(holds: bool, rule: impl FnOnce() -> T) -> Option<String> {
    (!holds).then(|| rule().into())
}

/// A period as an operator would write a long one.
fn in_days(period: Period) -> String {
    let hours = period.as_secs_up().div_ceil(3_600);
    if hours.is_multiple_of(24) { format!("{} days", hours / 24) } else { format!("{hours} hours") }
}
