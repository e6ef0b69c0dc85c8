//! What people do with their timer.

use std::error::Error;
use std::sync::Arc;

use crate::access::{MissingScope, Principal};
use crate::ledger::{Precondition, WorkSummary};
use crate::people::services::NotAPerson;
use crate::timers::ports::TimerRepository;
use crate::timers::ports::timer::{
    DiscardTimer, DiscardTimerError, StartTimer, StartTimerError, Started, StopTimer, StopTimerError, StoppedTimer,
    TimerChanges, UpdateTimer, UpdateTimerError,
};
use crate::timers::{StartedAtError, Timer, TimerEnd};
use crate::values::{JobId, PersonId, TimerId, Timestamp};
use crate::{BackendError, Sources};

/// The input for a new timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerDraft {
    /// The job that gets the time.
    pub related_job: JobId,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// Since when; `None` means now.
    pub started_at: Option<Timestamp>,
}

/// The input for a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopDraft {
    /// Which timer.
    pub id: TimerId,
    /// When the work ended.
    pub end: TimerEnd,
    /// Another job for the time.
    pub related_job: Option<JobId>,
}

/// Why a use case failed. `E` is the port's own error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TimerError<E: Error> {
    /// The principal lacks the scope.
    #[error(transparent)]
    Forbidden(#[from] MissingScope),
    /// The principal is a program.
    #[error(transparent)]
    NotAPerson(#[from] NotAPerson),
    /// The start is no moment at which a timer starts.
    #[error(transparent)]
    StartedAt(#[from] StartedAtError),
    /// The port refused or failed.
    #[error(transparent)]
    Port(E),
}

/// Use cases on one's own timer: `read` or `own` allows to see it, `write` or `own` to change it. Only people have one.
#[derive(Clone)]
pub struct TimerService {
    timers: Arc<dyn TimerRepository>,
    sources: Sources,
}

impl TimerService {
    /// A service over this port.
    pub fn new(timers: Arc<dyn TimerRepository>, sources: &Sources) -> Self {
        Self { timers, sources: sources.clone() }
    }

    /// The running timer.
    pub async fn read(&self, principal: &Principal) -> Result<Option<Timer>, TimerError<BackendError>> {
        principal.reads()?;
        self.timers.find(person(principal)?).await.map_err(TimerError::Port)
    }

    /// Starts a timer, and ends the one that runs.
    pub async fn start(
        &self,
        principal: &Principal,
        draft: TimerDraft,
    ) -> Result<Started, TimerError<StartTimerError>> {
        let (person, at) = (writer(principal)?, self.sources.clock.now());
        let TimerDraft { related_job, work_summary, started_at } = draft;
        let started_at = started_at.map(|told| Timer::start(told, at)).transpose()?;
        let id = TimerId::new(self.sources.ids.generate());
        let command = StartTimer { id, person, related_job, work_summary, started_at, at };
        self.timers.start(command).await.map_err(TimerError::Port)
    }

    /// Changes the given fields of the running timer.
    pub async fn update(
        &self,
        principal: &Principal,
        changes: TimerChanges,
        precondition: Precondition,
    ) -> Result<Timer, TimerError<UpdateTimerError>> {
        let (person, now) = (writer(principal)?, self.sources.clock.now());
        let started_at = changes.started_at.map(|told| Timer::start(told, now)).transpose()?;
        let changes = TimerChanges { started_at, ..changes };
        self.timers.update(UpdateTimer { person, changes, precondition }).await.map_err(TimerError::Port)
    }

    /// Ends the timer and logs its time. A repeat gets the same entries.
    pub async fn stop(
        &self,
        principal: &Principal,
        draft: StopDraft,
    ) -> Result<StoppedTimer, TimerError<StopTimerError>> {
        let (person, at) = (writer(principal)?, self.sources.clock.now());
        let StopDraft { id, end, related_job } = draft;
        self.timers.stop(StopTimer { person, id, end, related_job, at }).await.map_err(TimerError::Port)
    }

    /// Throws the running timer away.
    pub async fn discard(
        &self,
        principal: &Principal,
        precondition: Precondition,
    ) -> Result<(), TimerError<DiscardTimerError>> {
        let person = writer(principal)?;
        self.timers.discard(DiscardTimer { person, precondition }).await.map_err(TimerError::Port)
    }
}

fn person(principal: &Principal) -> Result<PersonId, NotAPerson> {
    principal.person.ok_or(NotAPerson)
}

/// The person, who may log time.
fn writer<E: Error>(principal: &Principal) -> Result<PersonId, TimerError<E>> {
    principal.writes()?;
    Ok(person(principal)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::test::{at, job, principal, sources};
    use crate::timers::ports::MockTimerRepository;

    fn service(timers: MockTimerRepository) -> TimerService {
        TimerService::new(Arc::new(timers), &sources())
    }

    fn ada(scopes: &str) -> Principal {
        Principal { person: Some(PersonId::new(Uuid::from_u128(7))), ..principal(scopes) }
    }

    fn draft(started_at: Option<Timestamp>) -> TimerDraft {
        TimerDraft { related_job: job().id, work_summary: WorkSummary::default(), started_at }
    }

    #[tokio::test]
    async fn a_timer_starts_now_for_the_person_who_asks() {
        let mut timers = MockTimerRepository::new();
        timers
            .expect_start()
            .withf(|command| {
                command.person.as_uuid().as_u128() == 7 && command.started_at.is_none() && command.at == at()
            })
            .return_once(|command| Ok(Started { timer: command.timer(command.at), stopped: None }));
        let started = service(timers).start(&ada("own"), draft(None)).await.unwrap();
        assert_eq!(started.timer.id.as_uuid(), Uuid::from_u128(1));
    }

    /// The mock has no expectations: a call that reaches it fails the test.
    #[tokio::test]
    async fn a_start_ahead_or_long_ago_does_not_reach_the_port() {
        let (timers, ada) = (service(MockTimerRepository::new()), ada("write"));
        let ahead = Some(at().later(Duration::from_mins(2)));
        assert!(matches!(
            timers.start(&ada, draft(ahead)).await,
            Err(TimerError::StartedAt(StartedAtError::Future(_)))
        ));
        let changes = TimerChanges { started_at: Some(Timestamp::from_micros(0).unwrap()), ..TimerChanges::default() };
        let refused = timers.update(&ada, changes, Precondition::None).await;
        assert!(matches!(refused, Err(TimerError::StartedAt(StartedAtError::Old))));
    }

    #[tokio::test]
    async fn without_the_scope_or_a_person_nothing_reaches_the_port() {
        let timers = service(MockTimerRepository::new());
        let stop = || StopDraft { id: TimerId::new(Uuid::nil()), end: TimerEnd::Now, related_job: None };
        let (program, reader, writer) = (principal("own"), ada("read"), ada("write"));
        assert!(matches!(timers.read(&program).await, Err(TimerError::NotAPerson(_))));
        assert!(matches!(timers.read(&writer).await, Err(TimerError::Forbidden(_))));
        assert!(matches!(timers.start(&program, draft(None)).await, Err(TimerError::NotAPerson(_))));
        assert!(matches!(timers.start(&reader, draft(None)).await, Err(TimerError::Forbidden(_))));
        let changed = timers.update(&reader, TimerChanges::default(), Precondition::None).await;
        assert!(matches!(changed, Err(TimerError::Forbidden(_))));
        assert!(matches!(timers.stop(&reader, stop()).await, Err(TimerError::Forbidden(_))));
        assert!(matches!(timers.discard(&reader, Precondition::None).await, Err(TimerError::Forbidden(_))));
        assert!(matches!(timers.discard(&program, Precondition::None).await, Err(TimerError::NotAPerson(_))));
    }
}
