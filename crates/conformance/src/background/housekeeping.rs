//! The duties of a [`Housekeeping`].
//!
//! No clause can show that other callers do not wait long; an adapter's own tests check how much one step deletes.

use std::any::Any;
use std::sync::Arc;

use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{ListTokens, Made, RevokeToken};
use stint_domain::access::{Token, TokenKind};
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskState};
use stint_domain::background::ports::{Housekeeping, TaskLog};
use stint_domain::capture::Ping;
use stint_domain::ledger::Idempotency;
use stint_domain::ledger::ports::LedgerAdapter;
use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::ledger::ports::time_entry::{BatchMode, RecordBatch, RecordTime};

use crate::background::task::{all, begin, brief, end};
use crate::capture::ping::{signal, worked};
use crate::given::{at, batch, create_job, entry, idempotency, job_id, record, token_of};
use crate::ledger::concurrency::{race, together};
use crate::{Capture, Fixture, Ledger};

/// An adapter over a fresh, empty ledger without task runs.
#[derive(Clone)]
pub struct House {
    /// Jobs and entries, which may be created with keys.
    pub ledger: Ledger,
    /// The adapter's log of task runs.
    pub tasks: Arc<dyn TaskLog>,
    /// The adapter's housekeeping, over the same ledger.
    pub housekeeping: Arc<dyn Housekeeping>,
}

impl House {
    /// The ports of an adapter that implements all of them. `guard` keeps its database alive (`()` if nothing has
    /// to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: LedgerAdapter + TaskLog + Housekeeping + Clone + 'static,
    {
        let (tasks, housekeeping) = (Arc::new(adapter.clone()), Arc::new(adapter.clone()));
        Self { ledger: Ledger::new(adapter, guard), tasks, housekeeping }
    }

    /// Creates a job under this key so many seconds in. Returns whether that was a repeat.
    async fn is_repeat(&self, key: &Idempotency, seconds: i64) -> bool {
        let command = CreateJob { at: at(seconds), idempotency: Some(key.clone()), ..create_job() };
        self.ledger.jobs.create(command).await.unwrap().replayed
    }

    async fn prune_keys(&self, seconds: i64) -> u64 {
        self.housekeeping.prune_idempotency_keys(at(seconds)).await.unwrap()
    }
}

/// Like [`House`], with pings.
#[derive(Clone)]
pub struct PingHouse {
    /// Pings, and their ledger.
    pub capture: Capture,
    /// The adapter's housekeeping, over the same ledger.
    pub housekeeping: Arc<dyn Housekeeping>,
}

/// An adapter without tokens.
#[derive(Clone)]
pub struct SessionHouse {
    /// The adapter's tokens.
    pub tokens: Fixture<dyn TokenRepository>,
    /// The adapter's housekeeping, over the same tokens.
    pub housekeeping: Arc<dyn Housekeeping>,
}

impl SessionHouse {
    /// The ports of an adapter that implements both. `guard` keeps its database alive (`()` if nothing has to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: TokenRepository + Housekeeping + Clone + 'static,
    {
        let (tokens, housekeeping) = (Arc::new(adapter.clone()), Arc::new(adapter));
        Self { tokens: Fixture::new(tokens, guard), housekeeping }
    }

    /// Stores a token of this kind that expires and is revoked so many seconds in, if at all.
    async fn token(&self, kind: TokenKind, expires: Option<i64>, revoked: Option<i64>) -> Token {
        let token = Token { expires_at: expires.map(at), ..token_of(kind) };
        self.tokens.port.create(token.clone()).await.unwrap();
        match revoked.map(at) {
            None => token,
            Some(at) => {
                self.tokens.port.revoke(RevokeToken { id: token.id, at, made: Made::Keep }).await.unwrap().token
            }
        }
    }

    async fn prune(&self, seconds: i64) -> u64 {
        self.housekeeping.prune_sessions(at(seconds)).await.unwrap()
    }

    /// Fails unless these tokens are there, and no others.
    async fn assert_left(&self, mut tokens: Vec<Token>) {
        tokens.sort_by_key(|token| (token.created_at, token.id));
        assert_eq!(self.tokens.port.list(ListTokens::default()).await.unwrap().items, tokens);
    }
}

/// Makes one test of each duty of housekeeping on keys and task runs. The argument is an `async fn() -> House`.
#[macro_export]
macro_rules! housekeeping {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (background::housekeeping) {
                keys_are_forgotten_that_were_first_used_before_the_moment,
                keys_of_entries_and_of_batches_are_forgotten_too_and_what_they_made_stays,
                a_repeat_beside_the_pruning_of_its_key_is_answered_with_one_write_at_most,
                a_key_that_is_young_enough_outlives_any_pruning_beside_it,
                runs_are_forgotten_that_ended_before_the_moment,
                the_latest_run_of_each_task_is_kept,
                a_run_that_has_not_ended_is_kept,
            }
        }
    };
}

/// Makes one test of each duty of housekeeping on pings. The argument is an `async fn() -> PingHouse`.
#[macro_export]
macro_rules! housekeeping_of_pings {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (background::housekeeping) {
                pings_are_forgotten_whose_time_and_arrival_are_before_the_moment,
                what_forgotten_pings_proved_stays,
            }
        }
    };
}

/// Makes one test of each duty of housekeeping on sessions and invitations. The argument is an `async fn() ->
/// SessionHouse`.
#[macro_export]
macro_rules! housekeeping_of_sessions {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (background::housekeeping) {
                sessions_and_invitations_are_forgotten_that_ended_before_the_moment,
                sessions_and_invitations_that_have_not_ended_are_kept,
                tokens_for_the_api_and_for_capture_are_kept_for_ever,
            }
        }
    };
}

/// To the microsecond. A repeat makes a key no younger.
pub async fn keys_are_forgotten_that_were_first_used_before_the_moment(house: House) {
    let (old, young) = (idempotency(), idempotency());
    assert!(!house.is_repeat(&old, 9).await && !house.is_repeat(&young, 10).await);
    assert!(house.is_repeat(&old, 20).await);
    assert_eq!((house.prune_keys(9).await, house.prune_keys(10).await, house.prune_keys(10).await), (0, 1, 0));
    assert!(!house.is_repeat(&old, 21).await, "its key is free again");
    assert!(house.is_repeat(&young, 21).await);
}

/// Keys of every operation. Keys of refused writes were never stored.
pub async fn keys_of_entries_and_of_batches_are_forgotten_too_and_what_they_made_stays(house: House) {
    let (ledger, job) = (&house.ledger, house.ledger.open_job().await.id);
    let [single, many, refused] = [idempotency(), idempotency(), idempotency()].map(Some);
    let record = |idempotency: &Option<_>, job| RecordTime { idempotency: idempotency.clone(), ..record(entry(job)) };
    let both = || RecordBatch { idempotency: many.clone(), ..batch(BatchMode::Atomic, vec![entry(job), entry(job)]) };
    assert!(ledger.time_entries.record(record(&refused, job_id())).await.is_err());
    for is_repeat in [false, true] {
        assert_eq!(ledger.time_entries.record(record(&single, job)).await.unwrap().replayed, is_repeat);
        assert_eq!(ledger.time_entries.record_batch(both()).await.unwrap().replayed, is_repeat);
    }
    assert_eq!((house.prune_keys(1).await, house.prune_keys(2).await), (0, 2));
    assert_eq!(ledger.total(job).await, 90);
    assert!(!ledger.time_entries.record(record(&single, job)).await.unwrap().replayed);
    assert!(!ledger.time_entries.record_batch(both()).await.unwrap().replayed);
    assert_eq!(ledger.total(job).await, 180);
}

/// Each repeat gets the first outcome, or the outcome of the one repeat that found the key free. None gets an error.
pub async fn a_repeat_beside_the_pruning_of_its_key_is_answered_with_one_write_at_most(house: House) {
    for round in 0..6 {
        let (job, key) = (house.ledger.open_job().await.id, Some(idempotency()));
        let keyed = RecordTime { idempotency: key, ..record(entry(job)) };
        let first = house.ledger.time_entries.record(keyed.clone()).await.unwrap().outcome;
        let answers = race(round, 6, |place| {
            let (house, keyed) = (house.clone(), keyed.clone());
            async move {
                let mut answers = Vec::new();
                if place == 3 {
                    house.prune_keys(10).await;
                    return answers;
                }
                for _ in 0..2 {
                    let again = RecordTime { at: at(20), entry: entry(job), ..keyed.clone() };
                    answers.push(house.ledger.time_entries.record(again).await.unwrap());
                    tokio::task::yield_now().await;
                }
                answers
            }
        })
        .await;
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        let new: Vec<_> = answers.iter().filter(|answer| !answer.replayed).map(|answer| &answer.outcome).collect();
        assert!(new.len() <= 1, "{new:?}");
        for answer in &answers {
            assert!(answer.outcome == first || new.contains(&&answer.outcome), "{answer:?}");
        }
        assert_eq!(house.ledger.total(job).await, 30 * (1 + new.len() as u64));
    }
    house.ledger.assert_totals_are_sums().await;
}

/// The age counts from the first use, even while the key is used.
pub async fn a_key_that_is_young_enough_outlives_any_pruning_beside_it(house: House) {
    let keys: Vec<_> = (0..4).map(|_| idempotency()).collect();
    together(8, |place| {
        let (house, key) = (house.clone(), keys[place % 4].clone());
        async move {
            for turn in 0..6 {
                if place % 2 == 0 {
                    house.prune_keys(10).await;
                }
                house.is_repeat(&key, 10 + turn).await;
            }
        }
    })
    .await;
    assert_eq!(house.ledger.all_jobs(ListJobs::default()).await.len(), keys.len());
}

/// To the microsecond, whenever they began.
pub async fn runs_are_forgotten_that_ended_before_the_moment(house: House) {
    let mut runs = Vec::new();
    for (attempt, ended) in [(1, 4), (2, 5), (3, 6), (4, 5)] {
        let command = BeginTask { at: at(-i64::from(attempt)), ..begin(attempt) };
        house.tasks.begin(command.clone()).await.unwrap();
        house.tasks.end(EndTask { at: at(ended), ..end(command.id, TaskState::Failed) }).await.unwrap();
        runs.push(command.id);
    }
    house.tasks.begin(begin(5)).await.unwrap();
    let left = async || {
        let tasks = Fixture { port: house.tasks.clone(), guard: house.ledger.guard.clone() };
        let ended = ListTaskRuns { state: Some(TaskState::Failed), ..ListTaskRuns::default() };
        all(&tasks, ended).await.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(house.housekeeping.prune_task_runs(at(4)).await.unwrap(), 0);
    assert_eq!(house.housekeeping.prune_task_runs(at(5)).await.unwrap(), 1);
    assert_eq!(left().await, [runs[1], runs[2], runs[3]]);
    assert_eq!(house.housekeeping.prune_task_runs(at(6)).await.unwrap(), 2);
    assert_eq!(left().await, [runs[2]]);
}

/// It tells when the next run is due.
pub async fn the_latest_run_of_each_task_is_kept(house: House) {
    for (task, due, attempt) in [("prune", 0, 1), ("prune", 0, 2), ("prune", 1, 1), ("verify", 0, 1), ("verify", 0, 2)]
    {
        let command = BeginTask { task: task.into(), due: at(due), ..begin(attempt) };
        house.tasks.begin(command.clone()).await.unwrap();
        house.tasks.end(end(command.id, TaskState::Succeeded)).await.unwrap();
    }
    assert_eq!(house.housekeeping.prune_task_runs(at(1_000)).await.unwrap(), 3);
    for (task, due, attempt) in [("prune", 1, 1), ("verify", 0, 2)] {
        let kept = house.tasks.latest(task).await.unwrap().expect("the latest run is kept");
        assert_eq!((kept.due, kept.attempt), (at(due), attempt));
    }
}

/// However long ago its time was over.
pub async fn a_run_that_has_not_ended_is_kept(house: House) {
    for attempt in [1, 2] {
        assert!(house.tasks.begin(brief(attempt)).await.unwrap());
    }
    assert_eq!(house.housekeeping.prune_task_runs(at(1_000_000)).await.unwrap(), 0);
}

/// A ping that came late may still get neighbours, and a ping that came early is not old.
pub async fn pings_are_forgotten_whose_time_and_arrival_are_before_the_moment(house: PingHouse) {
    let (_, token) = house.capture.job_and_token().await;
    let (old, moment) = (signal(&token, 0), signal(&token, 60));
    let late = Ping { received_at: moment.received_at, ..signal(&token, 1) };
    let early = Ping { received_at: old.received_at, ..signal(&token, 61) };
    let retracted = signal(&token, 2);
    house.capture.log(&[old.clone(), late.clone(), early.clone(), moment.clone(), retracted.clone()]).await;
    house.capture.retract(retracted.id).await.unwrap();
    assert_eq!(house.housekeeping.prune_pings(old.at).await.unwrap(), 0);
    assert_eq!(house.housekeeping.prune_pings(moment.at).await.unwrap(), 2);
    assert_eq!(house.housekeeping.prune_pings(moment.at).await.unwrap(), 0);
    for (ping, is_kept) in [(&old, false), (&retracted, false), (&late, true), (&early, true), (&moment, true)] {
        assert_eq!(house.capture.pings.find(ping.id).await.unwrap().is_some(), is_kept, "{}", ping.at);
    }
}

/// Entries and totals stay, and later pings add to the same day.
pub async fn what_forgotten_pings_proved_stays(house: PingHouse) {
    let (job, token) = house.capture.job_and_token().await;
    house.capture.log(&[signal(&token, 0), signal(&token, 10), worked(&token, 0, 30)]).await;
    assert_eq!(house.housekeeping.prune_pings(at(90 * 86_400)).await.unwrap(), 3);
    assert_eq!(house.capture.ledger.total(job).await, 40);
    house.capture.log(&[signal(&token, 600), signal(&token, 605)]).await;
    assert_eq!(house.capture.ledger.total(job).await, 45);
    house.capture.ledger.assert_totals_are_sums().await;
}

/// To the microsecond, whichever ended them. Nothing of them is found any more, and their secrets are unknown.
pub async fn sessions_and_invitations_are_forgotten_that_ended_before_the_moment(house: SessionHouse) {
    for kind in [TokenKind::Session, TokenKind::Invitation] {
        let old = [
            house.token(kind, Some(9), None).await,
            house.token(kind, Some(1_000), Some(9)).await,
            house.token(kind, None, Some(9)).await,
            house.token(kind, Some(9), Some(1_000)).await,
        ];
        let young = vec![
            house.token(kind, Some(10), None).await,
            house.token(kind, Some(1_000), Some(10)).await,
            house.token(kind, None, Some(10)).await,
        ];
        assert_eq!((house.prune(9).await, house.prune(10).await, house.prune(10).await), (0, 4, 0));
        house.assert_left(young).await;
        for token in old {
            assert_eq!(house.tokens.port.find(token.id).await.unwrap(), None);
            // A cache may have it for some time, but not one that has never seen it.
            assert_eq!(house.tokens.port.find_by_hash(token.secret_hash).await.unwrap(), None);
        }
        assert_eq!(house.prune(11).await, 3);
        house.assert_left(vec![]).await;
    }
}

/// Whenever they began.
pub async fn sessions_and_invitations_that_have_not_ended_are_kept(house: SessionHouse) {
    let mut open = Vec::new();
    for kind in [TokenKind::Session, TokenKind::Invitation] {
        open.push(house.token(kind, None, None).await);
        open.push(house.token(kind, Some(1_000_000), None).await);
    }
    assert_eq!(house.prune(1_000_000).await, 0);
    house.assert_left(open).await;
}

/// However long ago they ended, so that their use can be traced.
pub async fn tokens_for_the_api_and_for_capture_are_kept_for_ever(house: SessionHouse) {
    let mut kept = Vec::new();
    for kind in [TokenKind::Api, TokenKind::Capture] {
        kept.push(house.token(kind, Some(1), None).await);
        kept.push(house.token(kind, Some(1), Some(2)).await);
        kept.push(house.token(kind, None, Some(2)).await);
    }
    house.token(TokenKind::Session, Some(1), None).await;
    assert_eq!(house.prune(1_000_000).await, 1);
    house.assert_left(kept).await;
}
