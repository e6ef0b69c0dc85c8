//! Identities in Postgres. [`crate::people`] decides what a command does.
//!
//! A command uses its key first, so that another one with the same key waits for it and holds nothing meanwhile. Then
//! come the locks in the order of [`super::person`]: admins, the person, their tokens.

use async_trait::async_trait;
use diesel::dsl::insert_into;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::people::ports::IdentityRepository;
use stint_domain::people::ports::provider_identity::{Enter, EnterError, Once, Way};
use stint_domain::people::{Identity, Person};
use stint_domain::values::{PersonId, Timestamp};
use uuid::Uuid;

use crate::people::{active, discards_timer, may_demote, newcomer, owned, role_of_provider, session_of, updated, used};
use crate::postgres::Postgres;
use crate::postgres::access::token;
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::error::BACKEND;
use crate::postgres::people::person::{accept, create, discard_timer, lock, lock_admins};
use crate::postgres::people::rows::PersonRow;
use crate::postgres::read::one;
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::{identities, people, used_keys};

#[async_trait]
impl IdentityRepository for Postgres {
    async fn find(&self, identity: Identity) -> Result<Option<Person>, BackendError> {
        self.requests
            .run(Repeat::Reads, identity, |connection, identity| {
                let person = identities::table
                    .find((identity.issuer(), identity.subject()))
                    .inner_join(people::table.on(identities::person_id.eq(people::id)))
                    .select(PersonRow::as_select());
                Box::pin(async move { one(person.first(connection).await) })
            })
            .await
    }

    async fn enter(&self, command: Enter) -> Result<Person, EnterError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| enter(connection, command).await))
            })
            .await
    }
}

async fn enter(connection: &mut AsyncPgConnection, command: &Enter) -> Result<Person, Failure<EnterError>> {
    let (identity, at) = (&command.identity, command.at);
    use_up(connection, command.once, at).await?;
    let admins = if may_demote(command) { lock_admins(connection).await? } else { Vec::new() };
    let person = match &command.way {
        Way::Linked(id) => {
            let person = active(lock(connection, *id).await?).map_err(Failure::Refused)?;
            let owner = owner(connection, identity).await?;
            owned(owner, &person, EnterError::NotLinked).map_err(Failure::Refused)?;
            person
        }
        Way::SignedIn(id) => active(lock(connection, *id).await?).map_err(Failure::Refused)?,
        Way::Invitation(id) => {
            let command = used(*id, session_of(BACKEND, command)?, at);
            accept(connection, &command).await.map_err(widened)?
        }
        Way::New(person) => create(connection, &newcomer(person)).await.map_err(widened)?,
    };
    if !matches!(command.way, Way::Linked(_)) {
        link(connection, identity, person.id, at).await?;
        let owner = owner(connection, identity).await?;
        owned(owner, &person, EnterError::Taken).map_err(Failure::Refused)?;
    }
    let person = match role_of_provider(command, &person) {
        None => person,
        Some(change) => {
            let is_last_admin = || Ok(admins.iter().all(|admin| *admin == person.id.as_uuid()));
            let person = updated(&change, Some(person.clone()), is_last_admin).map_err(Failure::refused)?;
            let row = people::table.find(person.id.as_uuid());
            diesel::update(row).set(PersonRow::from(&person)).execute(connection).await?;
            if discards_timer(&change) {
                discard_timer(connection, person.id).await?;
            }
            person
        }
    };
    if let Some(session) = command.session.as_ref().filter(|_| !matches!(command.way, Way::Invitation(_))) {
        token::insert(connection, session).await?;
    }
    Ok(person)
}

fn widened<R: Into<EnterError>>(failure: Failure<R>) -> Failure<EnterError> {
    match failure {
        Failure::Refused(refusal) => Failure::refused(refusal),
        Failure::Overtaken => Failure::Overtaken,
        Failure::Database(error) => Failure::Database(error),
        Failure::Undone(error) => Failure::Undone(error),
    }
}

/// The most old keys that are deleted with a new one.
const PIECE: i64 = 100;

async fn use_up(
    connection: &mut AsyncPgConnection,
    Once { key, until }: Once,
    at: Timestamp,
) -> Result<(), Failure<EnterError>> {
    let new = (used_keys::key_hash.eq(key.0.as_slice()), used_keys::used_until.eq(timestamptz(until)));
    let stored = insert_into(used_keys::table)
        .values(new)
        .on_conflict(used_keys::key_hash)
        .do_nothing()
        .execute(connection)
        .await?;
    if stored == 0 {
        return Err(Failure::Refused(EnterError::Used));
    }
    // Those that another command deletes are left to it.
    let old: Vec<Vec<u8>> = used_keys::table
        .filter(used_keys::used_until.le(timestamptz(at)))
        .order(used_keys::used_until)
        .limit(PIECE)
        .select(used_keys::key_hash)
        .for_update()
        .skip_locked()
        .load(connection)
        .await?;
    if !old.is_empty() {
        diesel::delete(used_keys::table.filter(used_keys::key_hash.eq_any(old))).execute(connection).await?;
    }
    Ok(())
}

async fn link(
    connection: &mut AsyncPgConnection,
    identity: &Identity,
    person: PersonId,
    at: Timestamp,
) -> QueryResult<()> {
    let new = (
        identities::issuer.eq(identity.issuer()),
        identities::subject.eq(identity.subject()),
        identities::person_id.eq(person.as_uuid()),
        identities::linked_at.eq(timestamptz(at)),
    );
    insert_into(identities::table)
        .values(new)
        .on_conflict((identities::issuer, identities::subject))
        .do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Whose the identity is.
async fn owner(connection: &mut AsyncPgConnection, identity: &Identity) -> QueryResult<Option<PersonId>> {
    let found: Option<Uuid> = identities::table
        .find((identity.issuer(), identity.subject()))
        .select(identities::person_id)
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(PersonId::new))
}
