//! The time that pings prove.

use stint_domain::capture::{CaptureRule, Gap, Ping, PingOutcome};
use stint_domain::values::{PingId, Timestamp, Zone};

use super::{Capture, derived, expected, minute, rule, signal, telling, worked};
use crate::given::{date, fresh, minutes, subject, summary};

/// Its entry has its id, and the local date of its time.
pub async fn a_ping_with_minutes_is_an_entry_of_its_own(capture: Capture) {
    let job = capture.ledger.open_job().await.id;
    let token = capture.token(CaptureRule { zone: "Asia/Kolkata".parse().unwrap(), ..rule(job) }).await;
    // 23:40 in UTC is half past five on the next morning.
    let ping = Ping { summary: Some(summary("reviewed\nthe draft")), ..worked(&token, -20, 45) };
    let outcomes = capture.log(&[ping.clone(), worked(&token, 0, 1440)]).await;
    assert_eq!(outcomes[0], PingOutcome::Logged(ping.id.into()));
    let entry = capture.ledger.entry(ping.id.into()).await.unwrap();
    assert_eq!((entry.related_job, entry.minutes_worked, entry.date_stamp), (job, minutes(45), date("2023-11-15")));
    assert_eq!((entry.work_summary, entry.created_by), (summary("reviewed\nthe draft"), subject("ada")));
    assert_eq!(capture.ledger.total(job).await, 1485);
    capture.ledger.assert_totals_are_sums().await;
}

/// Pings exactly the gap apart prove nothing.
pub async fn signals_less_than_the_gap_apart_prove_the_time_between_them(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let just_under = Timestamp::from_micros(minute(42).as_micros() - 1).unwrap();
    let pings = [0, 10, 24, 39].map(|minute| signal(&token, minute));
    let outcomes = capture.log(&pings).await;
    let id = derived(&token, job, "2023-11-15");
    assert_eq!(outcomes, vec![PingOutcome::Logged(id); 4]);
    let entry = capture.only_entry(job).await;
    assert_eq!((entry.id, entry.minutes_worked, entry.created_by), (id, minutes(24), subject("ada")));
    // One microsecond less than 15 minutes after 27, and 3 minutes after 24.
    capture.log(&[Ping { at: just_under, ..signal(&token, 0) }, signal(&token, 27)]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 41)]));
    capture.ledger.assert_totals_are_sums().await;
}

/// Days are divided at midnight of the token's own zone, also on a day of 23 hours.
pub async fn each_local_day_has_its_share_of_a_span(capture: Capture) {
    let job = capture.ledger.open_job().await.id;
    let gap = Gap::new(86_400).unwrap();
    let kathmandu: Zone = "Asia/Kathmandu".parse().unwrap();
    let token = capture.token(CaptureRule { zone: kathmandu, gap, ..rule(job) }).await;
    // Midnight is at 18:15 in UTC.
    capture.log(&[signal(&token, 18 * 60), signal(&token, 18 * 60 + 40), signal(&token, 41 * 60)]).await;
    let spans = [("2023-11-15", 15), ("2023-11-16", 22 * 60 + 45)];
    assert_eq!(capture.days(job).await, expected(&spans));

    let other = capture.ledger.open_job().await.id;
    let token = capture.token(CaptureRule { zone: "Europe/Berlin".parse().unwrap(), gap, ..rule(other) }).await;
    let moment = |text: &str| Timestamp::from_datetime(text.parse().unwrap()).unwrap();
    let ends = ["2026-03-28T22:00:00Z", "2026-03-29T10:00:00Z", "2026-03-29T22:30:00Z"].map(moment);
    capture.log(&ends.map(|at| Ping { at, ..signal(&token, 0) })).await;
    let spans = [("2026-03-28", 60), ("2026-03-29", 23 * 60), ("2026-03-30", 30)];
    assert_eq!(capture.days(other).await, expected(&spans));
    capture.ledger.assert_totals_are_sums().await;
}

/// The latest by its own time, not by its arrival. Pings without a summary leave it as it is.
pub async fn an_entry_has_the_summary_of_its_days_latest_signal(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 0), telling(&token, 10, "second")]).await;
    assert_eq!(capture.only_entry(job).await.work_summary, summary("second"));
    capture.log(&[telling(&token, 5, "first"), signal(&token, 20)]).await;
    assert_eq!(capture.only_entry(job).await.work_summary, summary("second"));
    capture.log(&[telling(&token, 15, "third")]).await;
    assert_eq!(capture.only_entry(job).await.work_summary, summary("third"));
}

/// A single ping makes none either. Short times add up.
pub async fn less_than_a_minute_makes_no_entry(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let after = |ping: Ping, seconds: i64| Ping {
        at: Timestamp::from_micros(ping.at.as_micros() + seconds * 1_000_000).unwrap(),
        ..ping
    };
    capture.log(&[signal(&token, 0), after(signal(&token, 0), 59)]).await;
    assert_eq!(capture.days(job).await, []);
    capture.log(&[signal(&token, 60), after(signal(&token, 60), 1)]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 1)]));
    capture.log(&[after(signal(&token, 60), 60)]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 1)]));
    capture.log(&[after(signal(&token, 60), 61)]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 2)]));
}

/// Also on a day of 25 hours.
pub async fn a_day_has_at_most_1440_minutes(capture: Capture) {
    let job = capture.ledger.open_job().await.id;
    let gap = Gap::new(86_400).unwrap();
    let token = capture.token(CaptureRule { zone: "Europe/Berlin".parse().unwrap(), gap, ..rule(job) }).await;
    let moment = |text: &str| Timestamp::from_datetime(text.parse().unwrap()).unwrap();
    let ends = ["2026-10-24T22:00:00Z", "2026-10-25T12:00:00Z", "2026-10-25T23:00:00Z"].map(moment);
    capture.log(&ends.map(|at| Ping { at, ..signal(&token, 0) })).await;
    assert_eq!(capture.days(job).await, expected(&[("2026-10-25", 1440)]));
}

/// Two people may work on one job at the same time, and a person with two tokens may count twice.
pub async fn streams_of_two_tokens_are_apart(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (colleague, other) = (capture.token(rule(job)).await, capture.ledger.open_job().await.id);
    let elsewhere = capture.token(rule(other)).await;
    let pings = [signal(&token, 0), signal(&colleague, 5), signal(&elsewhere, 7), signal(&token, 10)];
    capture.log(&pings).await;
    capture.log(&[signal(&colleague, 17), signal(&elsewhere, 20)]).await;
    assert_eq!(capture.ledger.total(job).await, 10 + 12);
    assert_eq!(capture.ledger.total(other).await, 13);
}

/// A repeat is recognised by its id, in the same call or a later one, whatever its other fields are.
pub async fn a_ping_counts_once_and_keeps_its_first_outcome(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (entry, first) = (worked(&token, 0, 30), signal(&token, 0));
    let pings = [entry.clone(), first.clone(), signal(&token, 10), entry.clone(), first.clone()];
    let outcomes = capture.log(&pings).await;
    assert_eq!((outcomes[0], outcomes[1]), (outcomes[3], outcomes[4]));
    let other = Ping { at: minute(14), ..first.clone() };
    assert_eq!(capture.log(&[other, Ping { minutes: Some(minutes(7)), ..entry }]).await, [outcomes[1], outcomes[0]]);
    assert_eq!(capture.ledger.total(job).await, 40);

    capture.ledger.archive(job).await;
    let late = signal(&token, 20);
    let ignored = capture.log_one(&late).await;
    capture.ledger.jobs.update(crate::given::set_status(job, stint_domain::ledger::JobStatus::Open)).await.unwrap();
    assert_eq!(capture.log(&[late]).await, ignored);
    assert_eq!(capture.ledger.total(job).await, 40);
}

/// Of both kinds, for several jobs and tokens.
pub async fn a_thousand_pings_at_once_each_count(capture: Capture) {
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(capture.job_and_token().await);
    }
    let of = |place: i64| &tokens[usize::try_from(place % 4).unwrap()].1;
    let mut pings: Vec<_> = (0..600).map(|place| worked(of(place), place, 2)).collect();
    pings.extend((0..400).map(|place| Ping { id: PingId::new(fresh()), ..signal(of(place), place / 4) }));
    assert_eq!(capture.log(&pings).await.len(), 1000);
    for (job, _) in &tokens {
        assert_eq!(capture.ledger.total(*job).await, 300 + 99);
    }
    capture.ledger.assert_totals_are_sums().await;
}

/// A worker that took nothing may make this call.
pub async fn logging_none_is_no_failure(capture: Capture) {
    assert_eq!(capture.log(&[]).await, []);
}
