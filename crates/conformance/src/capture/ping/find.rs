//! Finding and listing pings.

use std::cmp::Reverse;

use futures::FutureExt;
use stint_domain::capture::ports::ping::{ListCaptured, ListPings, PingStatus};
use stint_domain::capture::{CaptureRule, LoggedPing, Ping};
use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::job::{DeleteJob, EntriesOfDeleted};
use stint_domain::values::{PingId, Timestamp};

use super::{Capture, minute, rule, signal, telling, worked};
use crate::given::{date, fresh, size, subject};
use crate::suite::{each_once, walk};

/// Every field, of both kinds and with each outcome.
pub async fn a_logged_ping_reads_back_as_it_was_sent(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (closed, late) = capture.job_and_token().await;
    capture.ledger.archive(closed).await;
    let entry = Ping { minutes: Some(crate::given::minutes(7)), ..telling(&token, 3, "🦭\n") };
    let pings = [entry, signal(&token, -5), telling(&late, 0, "in vain")];
    let outcomes = capture.log(&pings).await;
    for (ping, outcome) in pings.into_iter().zip(outcomes) {
        let related_job = Some(if ping.token == token.id { job } else { closed });
        let Ping { id, token, at, received_at, minutes, summary, .. } = ping;
        let logged_at = minute(10_000);
        let expected = LoggedPing { id, token, related_job, at, received_at, minutes, summary, outcome, logged_at };
        assert_eq!(capture.pings.find(id).await.unwrap(), Some(expected));
    }
    assert_eq!(capture.pings.find(PingId::new(fresh())).await.unwrap(), None);
}

async fn all(capture: &Capture, query: ListPings) -> Vec<PingId> {
    let page = |after| capture.pings.list(ListPings { after, ..query.clone() });
    walk(|after| page(after).map(Result::unwrap)).await.iter().map(|ping| ping.id).collect()
}

/// By arrival, not by their own time. Ids break ties.
pub async fn pings_are_listed_latest_first_page_by_page(capture: Capture) {
    let (_, token) = capture.job_and_token().await;
    let received = |ping: Ping, at: i64| Ping { received_at: minute(at), ..ping };
    let mut pings: Vec<_> = (0..7).map(|place| received(signal(&token, 100 - place), place / 2)).collect();
    capture.log(&pings).await;
    pings.sort_by_key(|ping| std::cmp::Reverse((ping.received_at, ping.id)));
    let expected: Vec<_> = pings.iter().map(|ping| ping.id).collect();
    for pages_of in [1, 2, 200] {
        assert_eq!(all(&capture, ListPings { size: size(pages_of), ..ListPings::default() }).await, expected);
    }
}

/// In pages of seven. Between any two pages, others are logged before, at and after the place, and some are taken
/// back.
pub async fn a_walk_through_pings_sees_each_once_while_others_are_logged(capture: Capture) {
    let (_, token) = capture.job_and_token().await;
    let received = |at: i64| Ping { received_at: minute(at), ..worked(&token, at, 1) };
    let pings: Vec<_> = (0..30).map(|place| received(place / 3 * 10)).collect();
    capture.log(&pings).await;
    let (capture, received, mut undone) = (&capture, &received, pings.iter());
    let walked = walk(|after| {
        let undone = undone.next().unwrap().id;
        async move {
            let page = capture.pings.list(ListPings { size: size(7), after, ..ListPings::default() }).await.unwrap();
            if let Some(next) = page.next {
                // A ping that is logged right after the place is seen, but the walk ends.
                let at = (next.received_at.as_micros() - minute(0).as_micros()) / 60_000_000;
                capture.log(&[received(at + 5), received(at), received(at - 5)]).await;
                capture.retract(undone).await.unwrap();
            }
            page
        }
    })
    .await;
    let seen = each_once(walked.iter().map(|ping| ping.id));
    assert!(pings.iter().all(|ping| seen.contains(&ping.id)), "every ping of the start was seen");
    assert!(walked.is_sorted_by_key(|ping| Reverse((ping.received_at, ping.id))), "the whole walk is in order");
}

/// By token, job and outcome, and by all of them.
pub async fn a_listing_can_be_narrowed(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let colleague = capture.token(rule(job)).await;
    let (closed, late) = capture.job_and_token().await;
    capture.ledger.archive(closed).await;
    let [mine, theirs, undone, ignored] =
        [signal(&token, 3), worked(&colleague, 2, 5), signal(&token, 1), signal(&late, 0)];
    capture.log(&[mine.clone(), theirs.clone(), undone.clone(), ignored.clone()]).await;
    capture.retract(undone.id).await.unwrap();
    let none = ListPings::default;
    for (query, expected) in [
        (ListPings { token: Some(token.id), ..none() }, vec![mine.id, undone.id]),
        (ListPings { related_job: Some(job), ..none() }, vec![mine.id, theirs.id, undone.id]),
        (ListPings { status: Some(PingStatus::Logged), ..none() }, vec![mine.id, theirs.id]),
        (ListPings { status: Some(PingStatus::Ignored), ..none() }, vec![ignored.id]),
        (ListPings { status: Some(PingStatus::Retracted), related_job: Some(job), ..none() }, vec![undone.id]),
        (ListPings { token: Some(late.id), related_job: Some(job), ..none() }, vec![]),
    ] {
        assert_eq!(all(&capture, ListPings { size: size(1), ..query.clone() }).await, expected, "{query:?}");
    }
}

/// Of all its tokens, and with the other filters.
pub async fn a_listing_can_be_of_one_subject(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let mut of_eve = Vec::new();
    for minute in [1, 3] {
        of_eve.push(signal(&capture.token_of("Eve", rule(job)).await, minute));
    }
    let of_ada = signal(&token, 2);
    capture.log(&[of_eve[0].clone(), of_ada.clone(), of_eve[1].clone()]).await;
    let of = |name: &str| ListPings { subject: Some(subject(name)), size: size(1), ..ListPings::default() };
    assert_eq!(all(&capture, of("Eve")).await, [of_eve[1].id, of_eve[0].id]);
    assert_eq!(all(&capture, of("ada")).await, [of_ada.id]);
    assert_eq!(all(&capture, of("eve")).await, []);
    let one_token = ListPings { token: Some(of_eve[0].token), ..of("Eve") };
    assert_eq!(all(&capture, one_token.clone()).await, [of_eve[0].id]);
    assert_eq!(all(&capture, ListPings { subject: Some(subject("ada")), ..one_token }).await, []);
}

/// Over all jobs, not rounded, without pings with minutes.
pub async fn captured_time_is_that_of_the_token_and_the_day(capture: Capture) {
    let (_, token) = capture.job_and_token().await;
    let other = capture.ledger.open_job().await.id;
    let elsewhere = stint_domain::access::Token { capture: Some(CaptureRule { ..rule(other) }), ..token.clone() };
    let half = Timestamp::from_micros(minute(10).as_micros() + 500_000).unwrap();
    let pings = [signal(&token, -10), signal(&token, 0), Ping { at: half, ..signal(&token, 0) }, worked(&token, 0, 9)];
    capture.log(&pings).await;
    capture.log(&[signal(&elsewhere, 100), signal(&elsewhere, 103)]).await;
    let captured = |day: &str| {
        let (pings, day, token) = (capture.pings.clone(), date(day), token.id);
        async move {
            let times = pings.captured(ListCaptured { token, from: day, to: day }).await.unwrap();
            times.iter().map(|time| time.micros).sum::<u64>()
        }
    };
    assert_eq!(captured("2023-11-14").await, 10 * 60_000_000);
    assert_eq!(captured("2023-11-15").await, 13 * 60_000_000 + 500_000);
    assert_eq!(captured("2023-11-16").await, 0);
}

/// With the job's current name, as long as the job exists.
pub async fn captured_time_is_told_by_day_and_job(capture: Capture) {
    let (first, token) = capture.job_and_token().await;
    let second = capture.ledger.open_job().await.id;
    let elsewhere = stint_domain::access::Token { capture: Some(CaptureRule { ..rule(second) }), ..token.clone() };
    capture.log(&[signal(&token, -10), signal(&token, 2)]).await;
    capture.log(&[signal(&elsewhere, 100), signal(&elsewhere, 103)]).await;
    // These leave no time.
    let third = capture.ledger.open_job().await.id;
    let undone = stint_domain::access::Token { capture: Some(rule(third)), ..token.clone() };
    let pings = [600, 605].map(|minute| signal(&undone, minute));
    capture.log(&pings).await;
    capture.retract(pings[0].id).await.unwrap();
    let query = ListCaptured { token: token.id, from: date("2023-11-14"), to: date("2023-11-15") };
    let times = capture.pings.captured(query).await.unwrap();
    let mut expected = [("2023-11-14", first, 10), ("2023-11-15", first, 2), ("2023-11-15", second, 3)];
    expected.sort_by_key(|(day, job, _)| (*day, *job));
    let told: Vec<_> = times.iter().map(|time| (time.day.to_string(), time.job, time.micros / 60_000_000)).collect();
    assert_eq!(
        told,
        expected.iter().map(|(day, job, minutes)| ((*day).to_owned(), *job, *minutes)).collect::<Vec<_>>()
    );
    assert!(times.iter().all(|time| time.name.is_some()), "{times:?}");
    let later = ListCaptured { from: date("2023-11-16"), to: date("2023-11-17"), ..query };
    assert_eq!(capture.pings.captured(later).await.unwrap(), []);

    let entries = EntriesOfDeleted::Delete;
    let gone = DeleteJob { id: second, entries, precondition: Precondition::None };
    capture.ledger.jobs.delete(gone).await.unwrap();
    let times = capture.pings.captured(query).await.unwrap();
    assert!(times.iter().all(|time| time.name.is_none() == (time.job == second)), "{times:?}");
}

/// By the arrival of its latest ping, to the minute, whatever the outcome.
pub async fn a_token_shows_when_it_was_last_used(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 5), signal(&token, 9), signal(&token, 7)]).await;
    let used = |token: stint_domain::access::Token| {
        let tokens = capture.tokens.clone();
        async move { tokens.find_by_hash(token.secret_hash).await.unwrap().unwrap().token.last_used_at }
    };
    assert_eq!(used(token.clone()).await, Some(minute(10)));
    capture.log(&[signal(&token, 0)]).await;
    assert_eq!(used(token.clone()).await, Some(minute(10)));
    capture.ledger.archive(job).await;
    capture.log(&[signal(&token, 20)]).await;
    assert_eq!(used(token).await, Some(minute(21)));
}
