//! Use cases on pings: taking them in, and telling what became of them.
//!
//! What comes in goes to the queue and nowhere else: while a token is remembered, no ping waits for a database. What it
//! comes to is decided later, by a worker and the ledger.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::ServiceError;
use crate::page::{Page, PageSize};
use crate::ping::{LoggedPing, Ping, PingTarget};
use crate::ports::ping::{
    CapturedTime, ListPings, PingCursor, PingStatus, PingStatusError, RetractPing, RetractPingError,
};
use crate::ports::{BackendError, Clock, IdGenerator, PingQueue, PingRepository};
use crate::principal::{Capturer, Principal};
use crate::token::Scope;
use crate::values::{
    CaptureTarget, DateStamp, Gap, JobId, JobName, Minutes, PingId, TimeEntryId, Timestamp, TokenId, WorkSummary,
};

/// What is taken for captured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureLimits {
    /// The gap of new tokens.
    pub gap: Gap,
    /// How old a ping may be.
    pub max_age: Duration,
    /// How far in the future a ping may be, for clocks that are fast.
    pub ahead: Duration,
}

impl Default for CaptureLimits {
    /// The default gap, 30 days, an hour.
    fn default() -> Self {
        const HOUR: Duration = Duration::from_hours(1);
        Self { gap: Gap::default(), max_age: HOUR * 24 * 30, ahead: HOUR }
    }
}

/// What a sender says of a ping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PingDraft {
    /// Which ping, when the sender named it: see [`PingId::named`]. A repeat has the same.
    pub id: Option<PingId>,
    /// When work was happening; now, when none.
    pub at: Option<Timestamp>,
    /// How long, when it is an entry of its own.
    pub minutes: Option<Minutes>,
    /// What was done.
    pub summary: Option<WorkSummary>,
    /// What it counts for, by a token that is bound to no job; others need none and ignore it.
    pub project: Option<JobName>,
}

/// A moment that no ping may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MomentError {
    /// It is too long ago.
    #[error("too old: must not be before {0}")]
    TooOld(Timestamp),
    /// It is in the future.
    #[error("in the future: must not be after {0}")]
    Ahead(Timestamp),
}

/// Why a ping is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PingDraftError {
    /// Its moment is none that it may have.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// The token is bound to no job, and the ping names no project.
    #[error("must be given: the token is bound to no job")]
    ProjectMissing,
}

/// The states by which pings are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PingState {
    /// It waits for a worker.
    Queued,
    /// The ledger has dealt with it.
    DealtWith(PingStatus),
}

/// Text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `queued`, `logged`, `ignored` or `retracted`")]
pub struct PingStateError;

impl std::str::FromStr for PingState {
    type Err = PingStateError;

    fn from_str(text: &str) -> Result<Self, PingStateError> {
        match text {
            "queued" => Ok(Self::Queued),
            text => text.parse().map(Self::DealtWith).map_err(|PingStatusError| PingStateError),
        }
    }
}

/// A ping, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownPing {
    /// It waits for a worker.
    Queued(Ping),
    /// The ledger has dealt with it.
    Logged(LoggedPing),
}

impl KnownPing {
    /// Which ping.
    pub fn id(&self) -> PingId {
        match self {
            Self::Queued(ping) => ping.id,
            Self::Logged(ping) => ping.id,
        }
    }
}

/// Which pings, and which page of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListKnownPings {
    /// Only those of this token.
    pub token: Option<TokenId>,
    /// Only those for this job; queued ones whose project is yet to be looked up are none.
    pub related_job: Option<JobId>,
    /// Only those in this state.
    pub state: Option<PingState>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<PingCursor>,
}

impl ListKnownPings {
    fn wants_queued(&self) -> bool {
        self.after.is_none() && matches!(self.state, None | Some(PingState::Queued))
    }

    fn wants(&self, ping: &Ping) -> bool {
        self.token.is_none_or(|token| token == ping.token)
            && self.related_job.is_none_or(|job| ping.target == PingTarget::Job(job))
    }
}

/// Why a ping was not taken back.
#[derive(Debug, Clone, Error)]
pub enum TakeBackError {
    /// It waits for a worker, so that nobody knows yet what it comes to.
    #[error("the ping {0} is queued still")]
    Queued(PingId),
    /// There is no such ping.
    #[error("there is no ping {0}")]
    NotFound(PingId),
    /// Its job takes no edits.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// Somebody changed or deleted the entry that it counts as or towards.
    #[error("the time entry {0} was changed by hand since")]
    EntryDetached(TimeEntryId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl From<RetractPingError> for TakeBackError {
    fn from(error: RetractPingError) -> Self {
        match error {
            RetractPingError::NotFound(id) => Self::NotFound(id),
            RetractPingError::JobArchived(job) => Self::JobArchived(job),
            RetractPingError::EntryDetached(entry) => Self::EntryDetached(entry),
            RetractPingError::Backend(error) => Self::Backend(error),
        }
    }
}

/// Use cases on pings: whoever holds a capture token sends them; `read` to see, `write` to take back.
#[derive(Clone)]
pub struct PingService {
    queue: Arc<dyn PingQueue>,
    pings: Arc<dyn PingRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    limits: CaptureLimits,
}

impl PingService {
    /// How many of the newest queued pings are looked at, to list or find one. Older ones are not shown until they are
    /// dealt with.
    pub const MOST_QUEUED: usize = 1_000;

    /// A service over these ports.
    pub fn new(
        queue: Arc<dyn PingQueue>,
        pings: Arc<dyn PingRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        limits: CaptureLimits,
    ) -> Self {
        Self { queue, pings, clock, ids, limits }
    }

    /// Passes when a ping may have this moment.
    pub fn check_moment(&self, at: Timestamp) -> Result<(), MomentError> {
        self.check_moment_at(self.clock.now(), at)
    }

    fn check_moment_at(&self, now: Timestamp, at: Timestamp) -> Result<(), MomentError> {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let moment = |micros: i64| Timestamp::from_micros(micros).unwrap_or(now);
        let oldest = now.as_micros().saturating_sub(micros(self.limits.max_age));
        let latest = now.as_micros().saturating_add(micros(self.limits.ahead));
        match at.as_micros() {
            at if at < oldest => Err(MomentError::TooOld(moment(oldest))),
            at if at > latest => Err(MomentError::Ahead(moment(latest))),
            _ => Ok(()),
        }
    }

    /// The ping that a draft becomes. It asks no port that could fail, and keeps nothing: that is [`Self::push`].
    pub fn admit(&self, capturer: &Capturer, draft: PingDraft) -> Result<Ping, PingDraftError> {
        let now = self.clock.now();
        if let Some(at) = draft.at {
            self.check_moment_at(now, at)?;
        }
        let target = match (capturer.rule.target, draft.project) {
            (CaptureTarget::Job(job), _) => PingTarget::Job(job),
            (CaptureTarget::Projects { create }, Some(name)) => PingTarget::Project { name, create },
            (CaptureTarget::Projects { .. }, None) => return Err(PingDraftError::ProjectMissing),
        };
        Ok(Ping {
            id: draft.id.unwrap_or_else(|| PingId::new(self.ids.generate())),
            token: capturer.token,
            subject: capturer.subject.clone(),
            target,
            zone: capturer.rule.zone,
            gap: capturer.rule.gap,
            at: draft.at.unwrap_or(now),
            received_at: now,
            minutes: draft.minutes,
            summary: draft.summary,
        })
    }

    /// Hands admitted pings to the queue, all at once; none is no call.
    pub async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        if pings.is_empty() { Ok(()) } else { self.queue.push(pings).await }
    }

    /// A page of pings: queued ones first, newest first (of the newest [`Self::MOST_QUEUED`] alone, and no more than the
    /// page has room for), then those that the ledger has dealt with, latest first.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListKnownPings,
    ) -> Result<Page<KnownPing, PingCursor>, ServiceError<BackendError>> {
        principal.require(Scope::Read).map_err(ServiceError::Forbidden)?;
        self.page(query).await.map_err(ServiceError::Port)
    }

    async fn page(&self, query: ListKnownPings) -> Result<Page<KnownPing, PingCursor>, BackendError> {
        // The queue before the ledger, because that is the way that pings go: none is missed in between.
        let mut queued = if query.wants_queued() { self.queue.waiting(Self::MOST_QUEUED).await? } else { Vec::new() };
        queued.retain(|ping| query.wants(ping));
        queued.truncate(query.size.get());
        let status = match query.state {
            None => None,
            Some(PingState::DealtWith(status)) => Some(status),
            Some(PingState::Queued) => {
                return Ok(Page { items: queued.into_iter().map(KnownPing::Queued).collect(), next: None });
            }
        };
        let Ok(size) = PageSize::new((query.size.get() - queued.len()) as u64) else {
            // Queued ones fill the page; the next one begins where those of the ledger do.
            let next = Some(PingCursor::BEFORE_ALL);
            return Ok(Page { items: queued.into_iter().map(KnownPing::Queued).collect(), next });
        };
        let ListKnownPings { token, related_job, after, .. } = query;
        let logged = self.pings.list(ListPings { token, related_job, status, size, after }).await?;
        // Dealt with meanwhile, or about to be settled.
        queued.retain(|ping| !logged.items.iter().any(|logged| logged.id == ping.id));
        let items = queued.into_iter().map(KnownPing::Queued);
        Ok(Page { items: items.chain(logged.items.into_iter().map(KnownPing::Logged)).collect(), next: logged.next })
    }

    /// The ping, if it was dealt with or is among the newest [`Self::MOST_QUEUED`] queued ones.
    pub async fn find(
        &self,
        principal: &Principal,
        id: PingId,
    ) -> Result<Option<KnownPing>, ServiceError<BackendError>> {
        principal.require(Scope::Read).map_err(ServiceError::Forbidden)?;
        self.find_anywhere(id).await.map_err(ServiceError::Port)
    }

    async fn find_anywhere(&self, id: PingId) -> Result<Option<KnownPing>, BackendError> {
        if let Some(logged) = self.pings.find(id).await? {
            return Ok(Some(KnownPing::Logged(logged)));
        }
        if let Some(queued) = self.queued(id).await? {
            return Ok(Some(KnownPing::Queued(queued)));
        }
        // It may have gone from one to the other between the two questions.
        Ok(self.pings.find(id).await?.map(KnownPing::Logged))
    }

    /// Takes back a ping and the time that it proves; again has no effect.
    pub async fn take_back(&self, principal: &Principal, id: PingId) -> Result<(), ServiceError<TakeBackError>> {
        principal.require(Scope::Write).map_err(ServiceError::Forbidden)?;
        let retract = || self.pings.retract(RetractPing { id, at: self.clock.now() });
        let refused = match retract().await {
            Ok(()) => return Ok(()),
            Err(RetractPingError::NotFound(_)) => match self.queued(id).await {
                Ok(Some(_)) => TakeBackError::Queued(id),
                // It may have gone from one to the other between the two questions.
                Ok(None) => match retract().await {
                    Ok(()) => return Ok(()),
                    Err(error) => error.into(),
                },
                Err(error) => error.into(),
            },
            Err(error) => error.into(),
        };
        Err(ServiceError::Port(refused))
    }

    async fn queued(&self, id: PingId) -> Result<Option<Ping>, BackendError> {
        Ok(self.queue.waiting(Self::MOST_QUEUED).await?.into_iter().find(|ping| ping.id == id))
    }

    /// The present day where the token is, and how much time its pings without minutes prove of it so far.
    pub async fn captured_today(&self, capturer: &Capturer) -> Result<(DateStamp, CapturedTime), BackendError> {
        let today = capturer.rule.zone.day_of(self.clock.now());
        Ok((today, self.pings.captured_on(capturer.token, today).await?))
    }
}

#[cfg(test)]
mod tests;
