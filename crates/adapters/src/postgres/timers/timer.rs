//! Timers in Postgres. [`crate::timers`] decides what a write does.
//!
//! Every write locks the person's row first, as a deactivation does, so that writes of one person happen one after the
//! other. Jobs are locked as for any other write of entries ([`crate::postgres::ledger::group::decide`]).

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::people::Person;
use stint_domain::timers::Timer;
use stint_domain::timers::ports::TimerRepository;
use stint_domain::timers::ports::timer::{
    DiscardTimer, DiscardTimerError, StartTimer, StartTimerError, Started, StopTimer, StopTimerError, StoppedTimer,
    UpdateTimer, UpdateTimerError,
};
use stint_domain::values::{PersonId, TimerId};

use crate::ledger::Ledger;
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::error::BACKEND;
use crate::postgres::ledger::find::{entries, jobs};
use crate::postgres::ledger::group::decide;
use crate::postgres::people::person;
use crate::postgres::read::one;
use crate::postgres::schema::timers;
use crate::postgres::timers::rows::TimerRow;
use crate::timers::{Ended, Starting, Stopping, StoredTimer, made, stopped, updated};

#[async_trait]
impl TimerRepository for Postgres {
    async fn start(&self, command: StartTimer) -> Result<Started, StartTimerError> {
        // A repeat would find its own timer running.
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| start(connection, command).await))
            })
            .await
    }

    async fn update(&self, command: UpdateTimer) -> Result<Timer, UpdateTimerError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| update(connection, command).await))
            })
            .await
    }

    async fn stop(&self, command: StopTimer) -> Result<StoppedTimer, StopTimerError> {
        // A repeat finds that the timer has ended.
        self.requests
            .run(Repeat::Harmless, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| stop(connection, command).await))
            })
            .await
    }

    async fn discard(&self, command: DiscardTimer) -> Result<(), DiscardTimerError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| discard(connection, command).await))
            })
            .await
    }

    async fn find(&self, person: PersonId) -> Result<Option<Timer>, BackendError> {
        self.requests.run(Repeat::Reads, person, |connection, person| Box::pin(running(connection, *person))).await
    }
}

async fn start(connection: &mut AsyncPgConnection, command: &StartTimer) -> Result<Started, Failure<StartTimerError>> {
    let person: Option<Person> = person::lock(connection, command.person).await?;
    let running = running(connection, command.person).await?;
    let starting = Starting::of(command, person.as_ref(), running.as_ref()).map_err(Failure::Refused)?;
    let ended = starting.stopping().map(|stopping| (stopping.timer, stopping.ended()));
    let scope = starting.scope();
    let before = decide::read_all(connection, &scope).await.map_err(Failure::of_step)?;
    let mut ledger = before.clone();
    let started = starting.carry_out(&mut ledger).map_err(Failure::Refused)?;
    decide::store(connection, &ledger.differences_from(&before), &scope).await.map_err(Failure::of_step)?;
    if let Some((id, ended)) = ended {
        end(connection, id, ended).await?;
    }
    diesel::insert_into(timers::table).values(TimerRow::from(&started.timer)).execute(connection).await?;
    Ok(started)
}

async fn update(connection: &mut AsyncPgConnection, command: &UpdateTimer) -> Result<Timer, Failure<UpdateTimerError>> {
    person::lock::<UpdateTimerError>(connection, command.person).await?;
    let running = running(connection, command.person).await?;
    let mut ledger = Ledger::new(BACKEND);
    let named = jobs::<_, UpdateTimerError>(connection, command.changes.related_job).await?;
    ledger.jobs.extend(named.into_iter().map(|job| (job.id, job)));
    let timer = updated(command, running, &ledger).map_err(Failure::Refused)?;
    if !command.changes.is_empty() {
        let row = timers::table.find(timer.id.as_uuid());
        diesel::update(row).set(TimerRow::from(&timer)).execute(connection).await?;
    }
    Ok(timer)
}

async fn stop(
    connection: &mut AsyncPgConnection,
    command: &StopTimer,
) -> Result<StoppedTimer, Failure<StopTimerError>> {
    let not_found = || Failure::Refused(StopTimerError::NotFound(command.id));
    let person: Person = person::lock(connection, command.person).await?.ok_or_else(not_found)?;
    let row = timers::table.find(command.id.as_uuid()).select(TimerRow::as_select());
    let stored: Option<StoredTimer> = one(row.first(connection).await)?;
    let stored = stored.filter(|stored| stored.timer.person == command.person);
    let StoredTimer { timer, ended } = stored.ok_or_else(not_found)?;
    if let Some(ended) = ended {
        return Ok(stopped(timer.id, &person, ended, entries(connection, made(timer.id, ended)).await?));
    }
    let stopping = Stopping::told(&timer, &person, command).map_err(Failure::refused)?;
    let scope = stopping.scope();
    let before = decide::read_all(connection, &scope).await.map_err(Failure::of_step)?;
    let mut ledger = before.clone();
    let logged = stopping.log(&mut ledger, StopTimerError::NotLogged).map_err(Failure::Refused)?;
    decide::store(connection, &ledger.differences_from(&before), &scope).await.map_err(Failure::of_step)?;
    end(connection, timer.id, stopping.ended()).await?;
    Ok(logged)
}

async fn discard(connection: &mut AsyncPgConnection, command: &DiscardTimer) -> Result<(), Failure<DiscardTimerError>> {
    person::lock::<DiscardTimerError>(connection, command.person).await?;
    let running = running(connection, command.person).await?;
    let running: Timer = running.ok_or(Failure::Refused(DiscardTimerError::NotRunning))?;
    command.precondition.check(Some(running.version)).map_err(Failure::refused)?;
    diesel::delete(timers::table.find(running.id.as_uuid())).execute(connection).await?;
    Ok(())
}

/// Ends the timer. What its summary says is in its entries from now on.
async fn end(connection: &mut AsyncPgConnection, id: TimerId, ended: Ended) -> QueryResult<()> {
    // At most some hundred thousand minutes, in some hundred entries.
    let minutes = i32::try_from(ended.minutes).unwrap_or(i32::MAX);
    let entries = i32::try_from(ended.entries).unwrap_or(i32::MAX);
    diesel::update(timers::table.find(id.as_uuid()))
        .set((timers::minutes.eq(minutes), timers::entries.eq(entries), timers::work_summary.eq("")))
        .execute(connection)
        .await
        .map(drop)
}

/// The person's running timer.
async fn running<R: From<BackendError>>(
    connection: &mut AsyncPgConnection,
    person: PersonId,
) -> Result<Option<Timer>, Failure<R>> {
    let running = timers::table
        .filter(timers::person_id.eq(person.as_uuid()))
        .filter(timers::minutes.is_null())
        .select(TimerRow::as_select());
    let found: Option<StoredTimer> = one(running.first(connection).await)?;
    Ok(found.map(|stored| stored.timer))
}
