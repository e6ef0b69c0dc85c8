//! Timers. As there is one writer, what a write reads stays true until it commits. [`crate::timers`] decides what a
//! write does.

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::timers::Timer;
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::ports::timer::{
    DiscardTimer, DiscardTimerError, StartTimer, StartTimerError, Started, StopTimer, StopTimerError, StoppedTimer,
    UpdateTimer, UpdateTimerError,
};
use stint_domain::values::{PersonId, TimerId};

use crate::ledger::group::Scope;
use crate::sqlite::Sqlite;
use crate::sqlite::error::classify;
use crate::sqlite::ledger::{group, time_entry};
use crate::sqlite::people::person;
use crate::sqlite::rows::one;
use crate::sqlite::schema::timers;
use crate::sqlite::timers::rows::{TimerColumns, TimerRow};
use crate::timers::{Ended, Starting, Stopping, StoredTimer, made, stopped, updated};

#[async_trait]
impl TimerRepository for Sqlite {
    async fn start(&self, command: StartTimer) -> Result<Started, StartTimerError> {
        self.write(move |connection| start(connection, &command)).await
    }

    async fn update(&self, command: UpdateTimer) -> Result<Timer, UpdateTimerError> {
        self.write(move |connection| {
            let running = running(connection, command.person)?;
            let scope = Scope { jobs: command.changes.related_job.into_iter().collect(), ..Scope::default() };
            let timer = updated(&command, running, &group::read(connection, &scope)?)?;
            if !command.changes.is_empty() {
                let columns = TimerColumns::from(&timer);
                diesel::update(timers::table.find(columns.id)).set(&columns).execute(connection).map_err(classify)?;
            }
            Ok(timer)
        })
        .await
    }

    async fn stop(&self, command: StopTimer) -> Result<StoppedTimer, StopTimerError> {
        self.write(move |connection| stop(connection, &command)).await
    }

    async fn discard(&self, command: DiscardTimer) -> Result<(), DiscardTimerError> {
        self.write(move |connection| {
            let running = running(connection, command.person)?.ok_or(DiscardTimerError::NotRunning)?;
            command.precondition.check(Some(running.version))?;
            let row = timers::table.find(running.id.as_uuid().into_bytes());
            diesel::delete(row).execute(connection).map_err(classify)?;
            Ok(())
        })
        .await
    }

    async fn find(&self, person: PersonId) -> Result<Option<Timer>, BackendError> {
        self.read(move |connection| running(connection, person)).await
    }
}

fn start(connection: &mut SqliteConnection, command: &StartTimer) -> Result<Started, StartTimerError> {
    let person = person::load(connection, command.person)?;
    let running = running(connection, command.person)?;
    let starting = Starting::of(command, person.as_ref(), running.as_ref())?;
    let ended = starting.stopping().map(|stopping| (stopping.timer, stopping.ended()));
    let scope = starting.scope();
    let before = group::read(connection, &scope)?;
    let mut ledger = before.clone();
    let started = starting.carry_out(&mut ledger)?;
    group::store(connection, &ledger.differences_from(&before), &scope)?;
    if let Some((id, ended)) = ended {
        end(connection, id, ended)?;
    }
    let columns = TimerColumns::from(&started.timer);
    diesel::insert_into(timers::table).values(columns).execute(connection).map_err(classify)?;
    Ok(started)
}

fn stop(connection: &mut SqliteConnection, command: &StopTimer) -> Result<StoppedTimer, StopTimerError> {
    let not_found = || StopTimerError::NotFound(command.id);
    let stored = load(connection, command.id)?.filter(|stored| stored.timer.person == command.person);
    let StoredTimer { timer, ended } = stored.ok_or_else(not_found)?;
    let person = person::load(connection, command.person)?.ok_or_else(not_found)?;
    if let Some(ended) = ended {
        return Ok(stopped(timer.id, &person, ended, time_entry::load(connection, made(timer.id, ended))?));
    }
    let stopping = Stopping::told(&timer, &person, command)?;
    let scope = stopping.scope();
    let before = group::read(connection, &scope)?;
    let mut ledger = before.clone();
    let logged = stopping.log(&mut ledger, StopTimerError::NotLogged)?;
    group::store(connection, &ledger.differences_from(&before), &scope)?;
    end(connection, timer.id, stopping.ended())?;
    Ok(logged)
}

/// Ends the timer. What its summary says is in its entries from now on.
fn end(connection: &mut SqliteConnection, id: TimerId, ended: Ended) -> Result<(), BackendError> {
    // At most some hundred thousand minutes, in some hundred entries.
    let entries = i64::try_from(ended.entries).unwrap_or(i64::MAX);
    diesel::update(timers::table.find(id.as_uuid().into_bytes()))
        .set((timers::minutes.eq(i64::from(ended.minutes)), timers::entries.eq(entries), timers::work_summary.eq("")))
        .execute(connection)
        .map(drop)
        .map_err(classify)
}

fn load(connection: &mut SqliteConnection, id: TimerId) -> Result<Option<StoredTimer>, BackendError> {
    one(timers::table.find(id.as_uuid().into_bytes()).select(TimerRow::as_select()).first(connection))
}

fn running(connection: &mut SqliteConnection, person: PersonId) -> Result<Option<Timer>, BackendError> {
    let running = timers::table
        .filter(timers::person_id.eq(person.as_uuid().into_bytes()))
        .filter(timers::minutes.is_null())
        .select(TimerRow::as_select());
    let found: Option<StoredTimer> = one(running.first(connection))?;
    Ok(found.map(|stored| stored.timer))
}
