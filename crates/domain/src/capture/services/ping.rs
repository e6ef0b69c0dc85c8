//! Use cases on pings: accepting them, and telling their outcome.
//!
//! An accepted ping goes to the queue and nowhere else. No ping waits for a database while its token is cached and,
//! where its token may create jobs, its project is cached as one that has a job. What a ping counts for is decided
//! later, by a worker and the ledger.

mod draft;
#[cfg(test)]
mod tests;
mod tracked;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use crate::access::ports::{AccessPorts, TokenRepository};
use crate::access::{Capturer, Principal};
use crate::capture::ports::CapturePorts;
use crate::capture::ports::new_project::AdmitProjects;
use crate::capture::ports::ping::{CapturedTime, ListCaptured, ListPings, PingCursor, RetractPing, RetractPingError};
use crate::capture::{CaptureTarget, Ping, PingTarget};
use crate::ledger::JobName;
use crate::page::Page;
use crate::values::{DateStamp, PingId, Subject, Timestamp};
use crate::{BackendError, ServiceError, Sources};

pub use draft::{CaptureLimits, MomentError, PingDraft, PingDraftError};
pub use tracked::{ListTrackedPings, PingState, PingStateError, TakeBackError, TrackedPing};

/// Use cases on pings: a capture token allows to send them, `read` to see them, `write` to take them back, and `own` both
/// for pings of tokens that speak for one's own subject. For somebody with `own`, others' pings do not exist.
#[derive(Clone)]
pub struct PingService {
    ports: CapturePorts,
    tokens: Arc<dyn TokenRepository>,
    sources: Sources,
    limits: CaptureLimits,
}

/// The result of pushing pings together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pushed {
    /// The indexes of the pings that were not accepted, ascending: each names a new project beyond the bound for the
    /// token's day.
    pub too_many_new: Vec<usize>,
}

impl PingService {
    /// How many of the newest queued pings are searched when pings are listed or found. Older queued pings are not
    /// shown until they are logged.
    pub const MOST_QUEUED: usize = 1_000;

    /// A service over these ports.
    pub fn new(ports: &CapturePorts, access: &AccessPorts, sources: &Sources, limits: CaptureLimits) -> Self {
        Self { ports: ports.clone(), tokens: access.tokens.clone(), sources: sources.clone(), limits }
    }

    /// Fails when no ping may have this moment.
    pub fn check_moment(&self, at: Timestamp) -> Result<(), MomentError> {
        self.limits.check(self.sources.clock.now(), at)
    }

    /// Makes a ping from a draft. It stores nothing (see [`Self::push`]) and calls no port that can fail.
    pub fn admit(&self, capturer: &Capturer, draft: PingDraft) -> Result<Ping, PingDraftError> {
        let now = self.sources.clock.now();
        if let Some(at) = draft.at {
            self.limits.check(now, at)?;
        }
        let target = match (capturer.rule.target, draft.project) {
            (CaptureTarget::Job(job), _) => PingTarget::Job(job),
            (CaptureTarget::Projects { create }, Some(project)) => PingTarget::Project { project, create },
            (CaptureTarget::Projects { .. }, None) => return Err(PingDraftError::ProjectMissing),
        };
        Ok(Ping {
            id: draft.id.unwrap_or_else(|| PingId::new(self.sources.ids.generate())),
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

    /// Pushes one token's admitted pings to the queue in one call, except those that name a new project beyond the
    /// bound. Without pings no port is called. After a failure, some of the pings may be queued.
    pub async fn push(&self, capturer: &Capturer, mut pings: Vec<Ping>) -> Result<Pushed, BackendError> {
        let too_many_new = self.too_many_new(capturer, &pings).await?;
        if !too_many_new.is_empty() {
            let mut place = 0..;
            pings.retain(|_| place.next().is_some_and(|place| too_many_new.binary_search(&place).is_err()));
        }
        if !pings.is_empty() {
            self.ports.queue.push(pings).await?;
        }
        Ok(Pushed { too_many_new })
    }

    /// The indexes of the pings that name a new project beyond the bound.
    async fn too_many_new(&self, capturer: &Capturer, pings: &[Ping]) -> Result<Vec<usize>, BackendError> {
        if capturer.rule.target != (CaptureTarget::Projects { create: true }) {
            return Ok(Vec::new());
        }
        let mut numbers = HashMap::new();
        let mut projects = Vec::new();
        for name in pings.iter().filter_map(|ping| new_project(&ping.target)) {
            if let Entry::Vacant(number) = numbers.entry(name) {
                number.insert(projects.len());
                projects.push(name.clone());
            }
        }
        if projects.is_empty() {
            return Ok(Vec::new());
        }
        let (token, subject, day) = (capturer.token, capturer.subject.clone(), self.today(capturer));
        let command = AdmitProjects { token, subject, day, projects, most: self.limits.new_jobs_per_day };
        let admitted = self.ports.new_projects.admit(command).await?;
        let is_refused = |ping: &Ping| {
            let number = new_project(&ping.target).and_then(|name| numbers.get(name));
            number.is_some_and(|number| admitted.get(*number) == Some(&false))
        };
        Ok(pings.iter().enumerate().filter(|(_, ping)| is_refused(ping)).map(|(place, _)| place).collect())
    }

    /// How long until the token's next day begins, when it may have jobs created again.
    pub fn until_tomorrow(&self, capturer: &Capturer) -> Duration {
        let (_, last_second) = capturer.rule.zone.bounds_of(self.today(capturer));
        let micros = last_second.as_micros() - self.sources.clock.now().as_micros() + 1_000_000;
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }

    /// Lists pings, latest first, both logged ones and the newest [`Self::MOST_QUEUED`] queued ones. A ping keeps its
    /// place when it is logged, so a walk through the pages shows none twice. The exception is a ping that was sent
    /// again while it was queued: it may have had two places, and the earlier one counts.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListTrackedPings,
    ) -> Result<Page<TrackedPing, PingCursor>, ServiceError<BackendError>> {
        let owner = principal.reads()?;
        self.page(owner.as_ref(), query).await.map_err(ServiceError::Port)
    }

    async fn page(
        &self,
        owner: Option<&Subject>,
        query: ListTrackedPings,
    ) -> Result<Page<TrackedPing, PingCursor>, BackendError> {
        // Asks the queue before the ledger, the way that pings go, so that no ping is missed between the two calls.
        let queued = if query.wants_queued() { self.ports.queue.waiting(Self::MOST_QUEUED).await? } else { Vec::new() };
        let ListTrackedPings { token, related_job, state, size, after } = query;
        let ask = |status| {
            let subject = owner.cloned();
            self.ports.pings.list(ListPings { token, subject, related_job, status, size, after })
        };
        let logged = match state {
            None => ask(None).await?,
            Some(PingState::DealtWith(status)) => ask(Some(status)).await?,
            Some(PingState::Queued) => Page { items: Vec::new(), next: None },
        };
        Ok(query.page_of(owner, queued, logged))
    }

    /// Finds the ping, if it is logged or among the newest [`Self::MOST_QUEUED`] queued ones.
    pub async fn find(
        &self,
        principal: &Principal,
        id: PingId,
    ) -> Result<Option<TrackedPing>, ServiceError<BackendError>> {
        let owner = principal.reads()?;
        self.find_of(owner.as_ref(), id).await.map_err(ServiceError::Port)
    }

    /// The ping, if its token speaks for the owner. A token's subject never changes.
    async fn find_of(&self, owner: Option<&Subject>, id: PingId) -> Result<Option<TrackedPing>, BackendError> {
        let found = self.find_anywhere(id).await?;
        let (Some(owner), Some(ping)) = (owner, &found) else { return Ok(found) };
        let token = self.tokens.find(ping.token()).await?;
        Ok(found.filter(|_| token.is_some_and(|token| token.subject == *owner)))
    }

    async fn find_anywhere(&self, id: PingId) -> Result<Option<TrackedPing>, BackendError> {
        if let Some(logged) = self.ports.pings.find(id).await? {
            return Ok(Some(TrackedPing::Logged(logged)));
        }
        if let Some(queued) = self.queued(id).await? {
            return Ok(Some(TrackedPing::Queued(queued)));
        }
        // It may have been logged between the two calls.
        Ok(self.ports.pings.find(id).await?.map(TrackedPing::Logged))
    }

    /// Takes back a ping and the time that it proves. Repeating this has no effect.
    pub async fn take_back(&self, principal: &Principal, id: PingId) -> Result<(), ServiceError<TakeBackError>> {
        let owner = principal.writes()?;
        if owner.is_some() {
            let found = self.find_of(owner.as_ref(), id).await.map_err(RetractPingError::from);
            let found = found.map_err(|error| ServiceError::Port(error.into()))?;
            found.ok_or_else(|| ServiceError::Port(RetractPingError::NotFound(id).into()))?;
        }
        let retract = || self.ports.pings.retract(RetractPing { id, at: self.sources.clock.now() });
        let refused = match retract().await {
            Ok(()) => return Ok(()),
            Err(RetractPingError::NotFound(_)) => match self.queued(id).await {
                Ok(Some(_)) => TakeBackError::Queued(id),
                // It may have been logged between the two calls.
                Ok(None) => match retract().await {
                    Ok(()) => return Ok(()),
                    Err(error) => error.into(),
                },
                Err(error) => RetractPingError::from(error).into(),
            },
            Err(error) => error.into(),
        };
        Err(ServiceError::Port(refused))
    }

    async fn queued(&self, id: PingId) -> Result<Option<Ping>, BackendError> {
        Ok(self.ports.queue.waiting(Self::MOST_QUEUED).await?.into_iter().find(|ping| ping.id == id))
    }

    /// The current date in the token's time zone.
    pub fn today(&self, capturer: &Capturer) -> DateStamp {
        capturer.rule.zone.day_of(self.sources.clock.now())
    }

    /// Tells how much time the token's pings without minutes prove on these days so far, for each job.
    pub async fn captured(
        &self,
        capturer: &Capturer,
        (from, to): (DateStamp, DateStamp),
    ) -> Result<Vec<CapturedTime>, BackendError> {
        self.ports.pings.captured(ListCaptured { token: capturer.token, from, to }).await
    }
}

/// The named project for which a job may be created. A ping that does not name its project needs no bound: it counts
/// for a project that was named before, or for the one fallback project.
fn new_project(target: &PingTarget) -> Option<&JobName> {
    match target {
        PingTarget::Project { project, create: true } => project.named(),
        _ => None,
    }
}
