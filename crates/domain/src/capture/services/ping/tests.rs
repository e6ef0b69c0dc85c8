//! Which pings are accepted, and what is told of them.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::BackendErrorKind;
use crate::capture::ports::{MockNewProjects, MockPingQueue, MockPingRepository};
use crate::capture::{CaptureRule, Gap, LoggedPing, PingOutcome, PingProject};
use crate::ledger::JobName;
use crate::page::PageSize;
use crate::test::{at, job, principal, sources};
use crate::values::{Subject, TokenId, Zone};

const SECOND: i64 = 1_000_000;

fn service(queue: MockPingQueue, pings: MockPingRepository) -> PingService {
    counting(queue, pings, MockNewProjects::new())
}

fn counting(queue: MockPingQueue, pings: MockPingRepository, new_projects: MockNewProjects) -> PingService {
    let (queue, pings, new_projects) = (Arc::new(queue), Arc::new(pings), Arc::new(new_projects));
    let (ports, access) = (CapturePorts { queue, pings, new_projects }, AccessPorts::mocks());
    PingService::new(&ports, &access, &sources(), CaptureLimits::default())
}

fn taking() -> PingService {
    service(MockPingQueue::new(), MockPingRepository::new())
}

fn capturer(target: CaptureTarget) -> Capturer {
    let rule = CaptureRule { target, zone: "Asia/Tokyo".parse().unwrap(), gap: Gap::new(60).unwrap() };
    Capturer { token: TokenId::new(Uuid::from_u128(9)), subject: Subject::new("ada").unwrap(), rule }
}

fn stint() -> PingProject {
    PingProject::Named(JobName::new("stint").unwrap())
}

fn bound() -> Capturer {
    capturer(CaptureTarget::Job(job().id))
}

fn after(micros: i64) -> Timestamp {
    Timestamp::from_micros(at().as_micros() + micros).unwrap()
}

fn id(number: u128) -> PingId {
    PingId::new(Uuid::from_u128(number))
}

fn queued(number: u128) -> Ping {
    let draft = PingDraft { id: Some(id(number)), ..PingDraft::default() };
    taking().admit(&bound(), draft).unwrap()
}

fn logged(number: u128) -> LoggedPing {
    LoggedPing {
        id: id(number),
        token: bound().token,
        related_job: Some(job().id),
        at: at(),
        received_at: at(),
        minutes: None,
        summary: None,
        outcome: PingOutcome::Retracted,
        logged_at: at(),
    }
}

#[test]
fn a_ping_carries_its_tokens_rule_and_the_present_moment() {
    let ping = taking().admit(&bound(), PingDraft::default()).unwrap();
    let Capturer { token, subject, rule } = bound();
    assert_eq!((ping.token, ping.subject, ping.zone, ping.gap), (token, subject, rule.zone, rule.gap));
    assert_eq!((ping.target, ping.at, ping.received_at), (PingTarget::Job(job().id), at(), at()));
    assert_eq!((ping.id, ping.minutes, ping.summary), (id(1), None, None));
}

#[test]
fn a_token_without_a_job_needs_a_project_and_a_bound_one_ignores_it() {
    let named = PingDraft { project: Some(stint()), ..PingDraft::default() };
    let free = capturer(CaptureTarget::Projects { create: true });
    let target = PingTarget::Project { project: stint(), create: true };
    assert_eq!(taking().admit(&free, named.clone()).unwrap().target, target);
    assert_eq!(taking().admit(&free, PingDraft::default()), Err(PingDraftError::ProjectMissing));
    assert_eq!(taking().admit(&bound(), named).unwrap().target, PingTarget::Job(job().id));
}

#[test]
fn a_moment_is_at_most_an_hour_ahead_and_so_old_as_is_set() {
    let (hour, weeks) = (3600 * SECOND, 14 * 24 * 3600 * SECOND);
    let admitted = |micros: i64| {
        let draft = PingDraft { at: Some(after(micros)), ..PingDraft::default() };
        taking().admit(&bound(), draft).map(|ping| ping.at)
    };
    assert_eq!(admitted(hour), Ok(after(hour)));
    assert_eq!(admitted(-weeks), Ok(after(-weeks)));
    assert_eq!(admitted(hour + 1), Err(MomentError::Ahead(after(hour)).into()));
    assert_eq!(admitted(-weeks - 1), Err(MomentError::TooOld(after(-weeks)).into()));
}

#[tokio::test]
async fn many_pings_are_one_push_and_none_is_no_push() {
    let mut queue = MockPingQueue::new();
    queue.expect_push().times(1).withf(|pings| pings.len() == 2).returning(|_| Ok(()));
    let service = service(queue, MockPingRepository::new());
    assert_eq!(service.push(&bound(), vec![queued(1), queued(2)]).await.unwrap(), Pushed::default());
    service.push(&bound(), vec![]).await.unwrap();
}

fn of_projects(capturer: &Capturer, names: &[&str]) -> Vec<Ping> {
    let draft =
        |name: &&str| PingDraft { project: JobName::new(name).ok().map(PingProject::Named), ..PingDraft::default() };
    names.iter().map(|name| taking().admit(capturer, draft(name)).unwrap()).collect()
}

#[tokio::test]
async fn pings_that_name_one_new_project_too_many_are_not_taken_and_the_others_are() {
    let (mut queue, mut new_projects) = (MockPingQueue::new(), MockNewProjects::new());
    let free = capturer(CaptureTarget::Projects { create: true });
    let names = |names: &[&str]| names.iter().map(|name| JobName::new(name).unwrap()).collect::<Vec<_>>();
    let Capturer { token, subject, .. } = free.clone();
    // Each project once, and the date in the token's time zone.
    let day = "2023-11-15".parse().unwrap();
    let asked = AdmitProjects { token, subject, day, projects: names(&["a", "b", "c"]), most: 200 };
    new_projects
        .expect_admit()
        .times(1)
        .withf(move |command| *command == asked)
        .returning(|_| Ok(vec![true, false, true]));
    let taken = of_projects(&free, &["a", "c", "a"]);
    let expected: Vec<_> = taken.iter().map(|ping| ping.target.clone()).collect();
    queue
        .expect_push()
        .times(1)
        .withf(move |pings| pings.iter().map(|ping| &ping.target).eq(&expected))
        .returning(|_| Ok(()));
    let service = counting(queue, MockPingRepository::new(), new_projects);
    let pushed = service.push(&free, of_projects(&free, &["a", "b", "c", "b", "a"])).await.unwrap();
    assert_eq!(pushed, Pushed { too_many_new: vec![1, 3] });
    // In the token's time zone it is a quarter past seven in the morning.
    assert_eq!(service.until_tomorrow(&free).as_secs(), 60_400);
}

#[tokio::test]
async fn nobody_counts_for_tokens_that_make_no_jobs() {
    let mut queue = MockPingQueue::new();
    queue.expect_push().times(2).returning(|_| Ok(()));
    let service = service(queue, MockPingRepository::new());
    let free = capturer(CaptureTarget::Projects { create: false });
    service.push(&free, of_projects(&free, &["a"])).await.unwrap();
    service.push(&bound(), vec![queued(1)]).await.unwrap();
}

#[tokio::test]
async fn a_count_that_fails_takes_no_ping() {
    let mut new_projects = MockNewProjects::new();
    new_projects.expect_admit().returning(|_| Err(BackendError::new("postgres", BackendErrorKind::Timeout, "slow")));
    let free = capturer(CaptureTarget::Projects { create: true });
    let service = counting(MockPingQueue::new(), MockPingRepository::new(), new_projects);
    assert!(service.push(&free, of_projects(&free, &["a"])).await.is_err());
}

fn size(size: u64) -> ListTrackedPings {
    ListTrackedPings { size: PageSize::new(size).unwrap(), ..ListTrackedPings::default() }
}

/// Lists numbered pings that all came in at the same moment: some in the queue, some in the ledger.
async fn listed(queue_shows: &[u128], ledger_has: &[u128], query: ListTrackedPings) -> (Vec<u128>, Option<PingCursor>) {
    let (mut queue, mut pings) = (MockPingQueue::new(), MockPingRepository::new());
    let waiting: Vec<_> = queue_shows.iter().copied().map(queued).collect();
    queue.expect_waiting().returning(move |_| Ok(waiting.clone()));
    let mut numbers = ledger_has.to_vec();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    pings.expect_list().returning(move |query| {
        let after = |number: &u128| query.after.is_none_or(|after| id(*number) < after.id);
        let items = numbers.iter().copied().filter(after).map(logged).collect();
        Ok(Page::of(items, query.size, |ping| ping.into()))
    });
    let page = service(queue, pings).list(&principal("read"), query).await.unwrap();
    (page.items.iter().map(|ping| ping.id().as_uuid().as_u128()).collect(), page.next)
}

#[tokio::test]
async fn pings_are_listed_latest_first_wherever_they_are() {
    let (numbers, next) = listed(&[5, 2], &[4, 3, 2, 1], size(9)).await;
    assert_eq!((numbers, next), (vec![5, 4, 3, 2, 1], None));
    let state = Some(PingState::Queued);
    assert_eq!(listed(&[5, 2], &[4], ListTrackedPings { state, ..size(9) }).await.0, [5, 2]);
}

/// Logging does not change a ping's place. A ping that comes in between two pages stands before both.
#[tokio::test]
async fn a_ping_that_is_logged_between_two_pages_is_listed_once() {
    for of_page in 1..5 {
        let (mut seen, mut query, mut waiting, mut done) = (Vec::new(), size(of_page), vec![6, 5, 4, 2], vec![3, 1]);
        while let (numbers, Some(next)) = listed(&waiting, &done, query).await {
            seen.extend(numbers);
            query.after = Some(next);
            // A worker logs the oldest, and another ping comes in.
            done.extend(waiting.pop());
            waiting.insert(0, 10 + seen.len() as u128);
        }
        seen.extend(listed(&waiting, &done, query).await.0);
        assert_eq!(seen, [6, 5, 4, 3, 2, 1], "{of_page} at a time");
    }
}

/// The repeat came in later; the ledger keeps the first arrival only.
#[tokio::test]
async fn a_ping_that_was_sent_again_while_it_is_queued_is_listed_once() {
    let mut queue = MockPingQueue::new();
    queue.expect_waiting().returning(|_| {
        let again = Ping { received_at: after(5), ..queued(1) };
        Ok(vec![again, Ping { received_at: after(3), ..queued(2) }, queued(1)])
    });
    let query = ListTrackedPings { state: Some(PingState::Queued), ..size(9) };
    let page = service(queue, MockPingRepository::new()).list(&principal("read"), query).await.unwrap();
    assert_eq!(page.items.iter().map(TrackedPing::id).collect::<Vec<_>>(), [id(2), id(1)]);
}

#[tokio::test]
async fn the_queue_is_not_asked_for_pings_that_were_dealt_with() {
    let mut pings = MockPingRepository::new();
    pings.expect_list().times(3).returning(|_| Ok(Page { items: vec![], next: None }));
    let service = service(MockPingQueue::new(), pings);
    for state in ["logged", "ignored", "retracted"] {
        let query = ListTrackedPings { state: Some(state.parse().unwrap()), ..ListTrackedPings::default() };
        assert!(service.list(&principal("read"), query).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn filters_hold_for_queued_pings_too() {
    let other = TokenId::new(Uuid::from_u128(8));
    let count = |query: ListTrackedPings| async move {
        let mut queue = MockPingQueue::new();
        queue.expect_waiting().returning(move |_| {
            let free = capturer(CaptureTarget::Projects { create: false });
            let project = PingDraft { id: Some(id(3)), project: Some(stint()), ..PingDraft::default() };
            Ok(vec![queued(1), Ping { token: other, ..queued(2) }, taking().admit(&free, project).unwrap()])
        });
        let query = ListTrackedPings { state: Some(PingState::Queued), ..query };
        service(queue, MockPingRepository::new()).list(&principal("read"), query).await.unwrap().items.len()
    };
    assert_eq!(count(ListTrackedPings::default()).await, 3);
    assert_eq!(count(ListTrackedPings { token: Some(other), ..ListTrackedPings::default() }).await, 1);
    assert_eq!(count(ListTrackedPings { related_job: Some(job().id), ..ListTrackedPings::default() }).await, 2);
}

#[tokio::test]
async fn a_ping_is_found_in_the_ledger_or_in_the_queue_or_on_its_way() {
    let finding = |in_ledger: [bool; 2], in_queue: bool| {
        let (mut queue, mut pings, mut asked) = (MockPingQueue::new(), MockPingRepository::new(), 0);
        pings.expect_find().returning(move |_| {
            asked += 1;
            Ok(Some(logged(1)).filter(|_| in_ledger[asked - 1]))
        });
        queue.expect_waiting().returning(move |_| Ok(if in_queue { vec![queued(1)] } else { vec![] }));
        async move { service(queue, pings).find(&principal("read"), id(1)).await.unwrap() }
    };
    assert_eq!(finding([true; 2], false).await, Some(TrackedPing::Logged(logged(1))));
    assert_eq!(finding([false; 2], true).await, Some(TrackedPing::Queued(queued(1))));
    assert_eq!(finding([false, true], false).await, Some(TrackedPing::Logged(logged(1))));
    assert_eq!(finding([false; 2], false).await, None);
}

#[tokio::test]
async fn a_queued_ping_cannot_be_taken_back_yet() {
    let taken_back = |in_queue: bool| {
        let (mut queue, mut pings) = (MockPingQueue::new(), MockPingRepository::new());
        pings.expect_retract().returning(|command| Err(RetractPingError::NotFound(command.id)));
        queue.expect_waiting().returning(move |_| Ok(if in_queue { vec![queued(1)] } else { vec![] }));
        async move { service(queue, pings).take_back(&principal("write"), id(1)).await }
    };
    assert!(matches!(taken_back(true).await, Err(ServiceError::Port(TakeBackError::Queued(_)))));
    assert!(matches!(
        taken_back(false).await,
        Err(ServiceError::Port(TakeBackError::Retract(RetractPingError::NotFound(_))))
    ));
    assert!(matches!(taking().take_back(&principal("read"), id(1)).await, Err(ServiceError::Forbidden(_))));
}

#[tokio::test]
async fn today_is_the_tokens_own_and_only_its_own_time_is_told() {
    let mut pings = MockPingRepository::new();
    // 2023-11-14T22:13:20Z is the 15th in Tokyo.
    let today = "2023-11-15".parse().unwrap();
    let query = ListCaptured { token: bound().token, from: today, to: today };
    pings.expect_captured().withf(move |asked| *asked == query).returning(|_| Ok(vec![]));
    let service = service(MockPingQueue::new(), pings);
    assert_eq!(service.today(&bound()), today);
    assert_eq!(service.captured(&bound(), (today, today)).await.unwrap(), []);
    assert_eq!(Zone::UTC.day_of(at()).to_string(), "2023-11-14");
}

#[tokio::test]
async fn a_queue_that_fails_fails_the_listing() {
    let mut queue = MockPingQueue::new();
    queue.expect_waiting().returning(|_| Err(BackendError::new("redis", BackendErrorKind::Unavailable, "refused")));
    let failed = service(queue, MockPingRepository::new()).list(&principal("read"), ListTrackedPings::default()).await;
    assert!(matches!(failed, Err(ServiceError::Port(error)) if error.kind == BackendErrorKind::Unavailable));
}
