//! Timers in memory. [`crate::timers`] decides what a write does.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::timers::Timer;
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::ports::timer::{
    DiscardTimer, DiscardTimerError, StartTimer, StartTimerError, Started, StopTimer, StopTimerError, StoppedTimer,
    UpdateTimer, UpdateTimerError,
};
use stint_domain::values::PersonId;

use crate::memory::Memory;
use crate::timers::{Starting, Stopping, StoredTimer, made, stopped, updated};

#[async_trait]
impl TimerRepository for Memory {
    async fn start(&self, command: StartTimer) -> Result<Started, StartTimerError> {
        let (mut ledger, people, mut timers) = (self.ledger(), self.people(), self.timers());
        let account = people.iter().find(|account| account.person.id == command.person);
        let running = running(&mut timers, command.person);
        let starting = Starting::of(
            &command,
            account.map(|account| &account.person),
            running.as_ref().map(|stored| &stored.timer),
        )?;
        let ended = starting.stopping().map(Stopping::ended);
        let started = starting.carry_out(&mut ledger)?;
        if let (Some(running), Some(ended)) = (running, ended) {
            running.end(ended);
        }
        timers.push(StoredTimer { timer: started.timer.clone(), ended: None });
        Ok(started)
    }

    async fn update(&self, command: UpdateTimer) -> Result<Timer, UpdateTimerError> {
        let (ledger, mut timers) = (self.ledger(), self.timers());
        let running = running(&mut timers, command.person);
        let timer = updated(&command, running.as_ref().map(|stored| stored.timer.clone()), &ledger)?;
        if let Some(running) = running {
            running.timer = timer.clone();
        }
        Ok(timer)
    }

    async fn stop(&self, command: StopTimer) -> Result<StoppedTimer, StopTimerError> {
        let (mut ledger, people, mut timers) = (self.ledger(), self.people(), self.timers());
        let not_found = StopTimerError::NotFound(command.id);
        let is_it = |stored: &&mut StoredTimer| stored.timer.id == command.id && stored.timer.person == command.person;
        let Some(stored) = timers.iter_mut().find(is_it) else { return Err(not_found) };
        let Some(account) = people.iter().find(|account| account.person.id == command.person) else {
            return Err(not_found);
        };
        if let Some(ended) = stored.ended {
            let found = made(command.id, ended).filter_map(|id| ledger.entries.get(&id).cloned()).collect();
            return Ok(stopped(command.id, &account.person, ended, found));
        }
        let stopping = Stopping::told(&stored.timer, &account.person, &command)?;
        let logged = stopping.log(&mut ledger, StopTimerError::NotLogged)?;
        stored.end(stopping.ended());
        Ok(logged)
    }

    async fn discard(&self, command: DiscardTimer) -> Result<(), DiscardTimerError> {
        let mut timers = self.timers();
        let running = running(&mut timers, command.person).ok_or(DiscardTimerError::NotRunning)?;
        command.precondition.check(Some(running.timer.version))?;
        timers.retain(|stored| !stored.runs_for(command.person));
        Ok(())
    }

    async fn find(&self, person: PersonId) -> Result<Option<Timer>, BackendError> {
        Ok(running(&mut self.timers(), person).map(|stored| stored.timer.clone()))
    }
}

fn running(timers: &mut [StoredTimer], person: PersonId) -> Option<&mut StoredTimer> {
    timers.iter_mut().find(|stored| stored.runs_for(person))
}
