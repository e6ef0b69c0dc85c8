//! Ports that a service does not offer, for example a binary that keeps a ledger but captures no time, runs no tasks or
//! lets nobody sign in.
//!
//! Reads find nothing, waits run out, and writes fail. This is for adapters outside this repository, which may
//! implement only some of the ports; the `stint` binary offers everything.

use std::future::pending;

use async_trait::async_trait;
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskRunCursor};
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::capture::ports::ping::{
    CapturedTime, ListCaptured, ListPings, LogPings, PingCursor, RetractPing, RetractPingError,
};
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::capture::ports::{NewProjects, PingQueue, PingRepository};
use stint_domain::capture::{LoggedPing, Ping, PingOutcome};
use stint_domain::people::ports::passwords::{HashPasswordError, Verified};
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, Account, AdoptError, AdoptSubject, Adopted, ChangePersonError,
    CreatePerson, CreatePersonError, Invite, InviteError, ListPeople, PersonCursor, SetPassword, SetPasswordError,
    UpdatePerson,
};
use stint_domain::people::ports::provider_identity::{Enter, EnterError};
use stint_domain::people::ports::{IdentityRepository, Passwords, PersonRepository};
use stint_domain::people::{Handle, Identity, Password, PasswordHash, Person};
use stint_domain::timers::Timer;
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::ports::timer::{
    DiscardTimer, DiscardTimerError, StartTimer, StartTimerError, Started, StopTimer, StopTimerError, StoppedTimer,
    UpdateTimer, UpdateTimerError,
};
use stint_domain::values::{PersonId, PingId};
use stint_domain::{BackendError, BackendErrorKind, Page};
use tokio::time::timeout;

/// The implementation of a port that is not offered.
#[derive(Debug, Clone, Copy)]
pub struct NotOffered;

/// The error of a write.
fn refused<T>(what: &str) -> Result<T, BackendError> {
    let message = format!("this service offers no {what}");
    Err(BackendError::new("not offered", BackendErrorKind::Internal, message))
}

fn nothing<T, C>() -> Page<T, C> {
    Page { items: Vec::new(), next: None }
}

#[async_trait]
impl PingRepository for NotOffered {
    async fn log(&self, _: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        refused("captured time")
    }

    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError> {
        Err(RetractPingError::NotFound(command.id))
    }

    async fn find(&self, _: PingId) -> Result<Option<LoggedPing>, BackendError> {
        Ok(None)
    }

    async fn list(&self, _: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        Ok(nothing())
    }

    async fn captured(&self, _: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl NewProjects for NotOffered {
    async fn admit(&self, _: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        refused("captured time")
    }
}

#[async_trait]
impl PingQueue for NotOffered {
    async fn push(&self, _: Vec<Ping>) -> Result<(), BackendError> {
        refused("captured time")
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        // Waits the whole time: nothing will come.
        let _elapsed = timeout(command.wait, pending::<()>()).await;
        Ok(Vec::new())
    }

    async fn settle(&self, _: Vec<Receipt>) -> Result<(), BackendError> {
        Ok(())
    }

    async fn bury(&self, _: Vec<Burial>) -> Result<(), BackendError> {
        Ok(())
    }

    async fn dead(&self, _: usize) -> Result<Vec<DeadPing>, BackendError> {
        Ok(Vec::new())
    }

    async fn replay(&self, _: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        Ok(0)
    }

    async fn waiting(&self, _: usize) -> Result<Vec<Ping>, BackendError> {
        Ok(Vec::new())
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        Ok(QueueDepth::default())
    }
}

#[async_trait]
impl TaskLog for NotOffered {
    async fn begin(&self, _: BeginTask) -> Result<bool, BackendError> {
        refused("tasks")
    }

    async fn end(&self, _: EndTask) -> Result<(), BackendError> {
        Ok(())
    }

    async fn latest(&self, _: &str) -> Result<Option<TaskRun>, BackendError> {
        Ok(None)
    }

    async fn list(&self, _: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        Ok(nothing())
    }
}

#[async_trait]
impl TimerRepository for NotOffered {
    async fn start(&self, _: StartTimer) -> Result<Started, StartTimerError> {
        Ok(refused("timers")?)
    }

    async fn update(&self, _: UpdateTimer) -> Result<Timer, UpdateTimerError> {
        Err(UpdateTimerError::NotRunning)
    }

    async fn stop(&self, command: StopTimer) -> Result<StoppedTimer, StopTimerError> {
        Err(StopTimerError::NotFound(command.id))
    }

    async fn discard(&self, _: DiscardTimer) -> Result<(), DiscardTimerError> {
        Err(DiscardTimerError::NotRunning)
    }

    async fn find(&self, _: PersonId) -> Result<Option<Timer>, BackendError> {
        Ok(None)
    }
}

#[async_trait]
impl Passwords for NotOffered {
    async fn hash(&self, _: Password, _: Vec<String>) -> Result<PasswordHash, HashPasswordError> {
        Ok(refused("accounts")?)
    }

    async fn verify(&self, _: Password, _: Option<PasswordHash>) -> Result<Verified, BackendError> {
        Ok(Verified::No)
    }
}

#[async_trait]
impl PersonRepository for NotOffered {
    async fn create(&self, _: CreatePerson) -> Result<Person, CreatePersonError> {
        Ok(refused("accounts")?)
    }

    async fn update(&self, command: UpdatePerson) -> Result<Person, ChangePersonError> {
        Err(ChangePersonError::NotFound(command.id))
    }

    async fn find(&self, _: PersonId) -> Result<Option<Person>, BackendError> {
        Ok(None)
    }

    async fn find_account(&self, _: Handle) -> Result<Option<Account>, BackendError> {
        Ok(None)
    }

    async fn list(&self, _: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError> {
        Ok(nothing())
    }

    async fn set_password(&self, command: SetPassword) -> Result<(), SetPasswordError> {
        Err(SetPasswordError::NotFound(command.person))
    }

    async fn adopt(&self, command: AdoptSubject) -> Result<Adopted, AdoptError> {
        Err(AdoptError::NotFound(command.person))
    }

    async fn invite(&self, _: Invite) -> Result<(), InviteError> {
        Ok(refused("accounts")?)
    }

    async fn accept(&self, _: AcceptInvitation) -> Result<Person, AcceptInvitationError> {
        Err(AcceptInvitationError::Unusable)
    }
}

#[async_trait]
impl IdentityRepository for NotOffered {
    async fn find(&self, _: Identity) -> Result<Option<Person>, BackendError> {
        Ok(None)
    }

    async fn enter(&self, _: Enter) -> Result<Person, EnterError> {
        Ok(refused("accounts")?)
    }
}
