//! What the tests share: moments, a clock that follows the runtime's, pings, and a queue and a ledger in memory that
//! fail on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stint_domain::capture::ports::ping::{
    CapturedTime, ListCaptured, ListPings, LogPings, PingCursor, RetractPing, RetractPingError,
};
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::capture::ports::{PingQueue, PingRepository};
use stint_domain::capture::{Gap, LoggedPing, Ping, PingOutcome, PingTarget};
use stint_domain::values::{JobId, PingId, Subject, Timestamp, TokenId, Zone};
use stint_domain::{BackendError, BackendErrorKind, Clock, Page};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The moment so many seconds after the start of the tests' time, 2023-11-14T22:13:20Z.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
}

pub(crate) fn job(number: u8) -> JobId {
    format!("00000000-0000-0000-0000-{number:012}").parse().unwrap()
}

fn token() -> TokenId {
    "00000000-0000-0000-0000-000000000009".parse().unwrap()
}

pub(crate) fn ping(name: &str) -> Ping {
    Ping {
        id: PingId::named(token(), name),
        token: token(),
        subject: Subject::new("ada").unwrap(),
        target: PingTarget::Job(job(1)),
        zone: Zone::default(),
        gap: Gap::default(),
        at: at(0),
        received_at: at(0),
        minutes: None,
        summary: None,
    }
}

pub(crate) fn failure(kind: BackendErrorKind) -> BackendError {
    BackendError::new("test", kind, "told to fail")
}

/// Starts at [`at`] 0 and follows the runtime's clock, which a test may pause.
pub(crate) struct TestClock(Instant);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_micros()).unwrap();
        Timestamp::from_micros(at(0).as_micros() + passed).unwrap()
    }
}

/// A queue that hands out each ping, and hands it out again when it is abandoned, until it is settled or buried.
#[derive(Default)]
pub(crate) struct TestQueue {
    state: Mutex<QueueState>,
    pushed: Notify,
}

/// The ping, when it was handed out, and how often.
type Waiting = (Result<Ping, String>, Option<Instant>, u32);

#[derive(Default)]
struct QueueState {
    next: u64,
    /// By place.
    waiting: BTreeMap<u64, Waiting>,
    settled: Vec<String>,
    buried: Vec<Burial>,
    /// Failures of the next calls of each kind.
    take: VecDeque<BackendErrorKind>,
    settle: VecDeque<BackendErrorKind>,
    /// Makes every burial fail.
    bury: Option<BackendErrorKind>,
    largest: usize,
}

impl TestQueue {
    pub(crate) fn with(pings: impl IntoIterator<Item = Result<Ping, String>>) -> Arc<Self> {
        let queue = Self::default();
        for ping in pings {
            queue.add(ping);
        }
        Arc::new(queue)
    }

    pub(crate) fn add(&self, ping: Result<Ping, String>) {
        let mut state = self.state.lock().unwrap();
        state.next += 1;
        let place = state.next;
        state.waiting.insert(place, (ping, None, 0));
        drop(state);
        self.pushed.notify_one();
    }

    pub(crate) fn fail_to_take(&self, kinds: impl IntoIterator<Item = BackendErrorKind>) {
        self.state.lock().unwrap().take.extend(kinds);
    }

    pub(crate) fn fail_to_settle(&self, kinds: impl IntoIterator<Item = BackendErrorKind>) {
        self.state.lock().unwrap().settle.extend(kinds);
    }

    pub(crate) fn bury_nothing(&self, kind: BackendErrorKind) {
        self.state.lock().unwrap().bury = Some(kind);
    }

    pub(crate) fn settled(&self) -> Vec<String> {
        let mut settled = self.state.lock().unwrap().settled.clone();
        settled.sort_by_key(|place| place.parse::<u64>().unwrap());
        settled
    }

    pub(crate) fn buried(&self) -> Vec<Burial> {
        self.state.lock().unwrap().buried.clone()
    }

    pub(crate) fn left(&self) -> usize {
        self.state.lock().unwrap().waiting.len()
    }

    /// The size of the largest group that was handed out.
    pub(crate) fn largest(&self) -> usize {
        self.state.lock().unwrap().largest
    }

    /// Waits until nothing is left.
    pub(crate) async fn emptied(&self) {
        while self.left() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn hand_out(&self, command: &TakePings) -> Vec<Delivery> {
        let (mut state, now) = (self.state.lock().unwrap(), Instant::now());
        let free = |taken: &Option<Instant>| taken.is_none_or(|taken| now - taken >= command.abandoned_after);
        let mut group = Vec::new();
        for (place, (ping, taken, deliveries)) in &mut state.waiting {
            if group.len() < command.most && free(taken) {
                *taken = Some(now);
                *deliveries += 1;
                let receipt = Receipt(place.to_string());
                group.push(Delivery { receipt, ping: ping.clone(), deliveries: *deliveries });
            }
        }
        state.largest = state.largest.max(group.len());
        group
    }
}

fn next_failure(failures: &mut VecDeque<BackendErrorKind>) -> Result<(), BackendError> {
    failures.pop_front().map_or(Ok(()), |kind| Err(failure(kind)))
}

#[async_trait]
impl PingQueue for TestQueue {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        for ping in pings {
            self.add(Ok(ping));
        }
        Ok(())
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        next_failure(&mut self.state.lock().unwrap().take)?;
        let until = Instant::now() + command.wait;
        loop {
            let group = self.hand_out(&command);
            if !group.is_empty() || tokio::time::timeout_at(until, self.pushed.notified()).await.is_err() {
                return Ok(group);
            }
        }
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        let mut state = self.state.lock().unwrap();
        next_failure(&mut state.settle)?;
        for Receipt(place) in receipts {
            if state.waiting.remove(&place.parse().unwrap()).is_some() {
                state.settled.push(place);
            }
        }
        Ok(())
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        let mut state = self.state.lock().unwrap();
        state.bury.map_or(Ok(()), |kind| Err(failure(kind)))?;
        for burial in burials {
            state.waiting.remove(&burial.receipt.0.parse().unwrap());
            state.buried.push(burial);
        }
        Ok(())
    }

    async fn dead(&self, _most: usize) -> Result<Vec<DeadPing>, BackendError> {
        unimplemented!("nobody asks")
    }

    async fn replay(&self, _which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        unimplemented!("nobody asks")
    }

    async fn waiting(&self, _most: usize) -> Result<Vec<Ping>, BackendError> {
        unimplemented!("nobody asks")
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        let state = self.state.lock().unwrap();
        let oldest = state.waiting.values().next().map(|_| at(0));
        Ok(QueueDepth { waiting: state.waiting.len() as u64, oldest, dead: state.buried.len() as u64 })
    }
}

/// A ledger that counts each ping once.
#[derive(Default)]
pub(crate) struct TestLedger {
    state: Mutex<LedgerState>,
}

#[derive(Default)]
struct LedgerState {
    logged: BTreeSet<PingId>,
    /// The number of pings in each call that logged some.
    calls: Vec<usize>,
    /// Failures of the next calls, which log nothing.
    failures: VecDeque<BackendErrorKind>,
    /// Makes every call with this ping fail.
    poison: Option<(PingId, BackendErrorKind)>,
    /// Makes every call with pings of this job time out.
    held: Option<JobId>,
    /// How long each call takes.
    slow: Duration,
    tries: usize,
}

impl TestLedger {
    pub(crate) fn failing(kinds: impl IntoIterator<Item = BackendErrorKind>) -> Arc<Self> {
        let ledger = Self::default();
        ledger.state.lock().unwrap().failures.extend(kinds);
        Arc::new(ledger)
    }

    pub(crate) fn poisoned_by(name: &str, kind: BackendErrorKind) -> Arc<Self> {
        let ledger = Self::default();
        ledger.state.lock().unwrap().poison = Some((ping(name).id, kind));
        Arc::new(ledger)
    }

    pub(crate) fn slow(call: Duration) -> Arc<Self> {
        let ledger = Self::default();
        ledger.take_its_time(call);
        Arc::new(ledger)
    }

    pub(crate) fn take_its_time(&self, call: Duration) {
        self.state.lock().unwrap().slow = call;
    }

    pub(crate) fn holding(job: JobId) -> Arc<Self> {
        let ledger = Self::default();
        ledger.state.lock().unwrap().held = Some(job);
        Arc::new(ledger)
    }

    pub(crate) fn release(&self) {
        self.state.lock().unwrap().held = None;
    }

    pub(crate) fn logged(&self) -> usize {
        self.state.lock().unwrap().logged.len()
    }

    pub(crate) fn calls(&self) -> Vec<usize> {
        self.state.lock().unwrap().calls.clone()
    }

    pub(crate) fn tries(&self) -> usize {
        self.state.lock().unwrap().tries
    }
}

#[async_trait]
impl PingRepository for TestLedger {
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        let slow = self.state.lock().unwrap().slow;
        tokio::time::sleep(slow).await;
        let mut state = self.state.lock().unwrap();
        state.tries += 1;
        next_failure(&mut state.failures)?;
        if let Some((poison, kind)) = state.poison
            && command.pings.iter().any(|ping| ping.id == poison)
        {
            return Err(failure(kind));
        }
        if let Some(held) = state.held
            && command.pings.iter().any(|ping| ping.target == PingTarget::Job(held))
        {
            return Err(failure(BackendErrorKind::Timeout));
        }
        state.calls.push(command.pings.len());
        state.logged.extend(command.pings.iter().map(|ping| ping.id));
        Ok(command.pings.iter().map(|ping| PingOutcome::Logged(ping.id.into())).collect())
    }

    async fn retract(&self, _command: RetractPing) -> Result<(), RetractPingError> {
        unimplemented!("nobody asks")
    }

    async fn find(&self, _id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        unimplemented!("nobody asks")
    }

    async fn list(&self, _query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        unimplemented!("nobody asks")
    }

    async fn captured(&self, _query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        unimplemented!("nobody asks")
    }
}
