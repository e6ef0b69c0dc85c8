//! Identities. As there is one writer, what a write reads stays true until it commits. [`crate::people`] decides what a
//! command does.

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::people::ports::IdentityRepository;
use stint_domain::people::ports::provider_identity::{Enter, EnterError, Once, Way};
use stint_domain::people::{Identity, Person};
use stint_domain::values::{PersonId, Timestamp};

use crate::people::{active, discards_timer, newcomer, owned, role_of_provider, session_of, updated, used};
use crate::sqlite::Sqlite;
use crate::sqlite::access::token;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::people::person::{accept, create, discard_timer, is_last_admin, load};
use crate::sqlite::people::rows::{PersonColumns, PersonRow};
use crate::sqlite::rows::{one, row, uuid};
use crate::sqlite::schema::{identities, people, used_keys};
use crate::sqlite::update_row::UpdateRow;

#[async_trait]
impl IdentityRepository for Sqlite {
    async fn find(&self, identity: Identity) -> Result<Option<Person>, BackendError> {
        self.read(move |connection| {
            let person = identities::table
                .find((identity.issuer(), identity.subject()))
                .inner_join(people::table.on(identities::person_id.eq(people::id)))
                .select(PersonRow::as_select());
            one(person.first(connection))
        })
        .await
    }

    async fn enter(&self, command: Enter) -> Result<Person, EnterError> {
        self.write(move |connection| enter(connection, &command)).await
    }
}

fn enter(connection: &mut SqliteConnection, command: &Enter) -> Result<Person, EnterError> {
    let (identity, at) = (&command.identity, command.at);
    use_up(connection, command.once, at)?;
    let person = match &command.way {
        Way::Linked(id) => {
            let person = active(load(connection, *id)?)?;
            owned(owner(connection, identity)?, &person, EnterError::NotLinked)?;
            person
        }
        Way::SignedIn(id) => active(load(connection, *id)?)?,
        Way::Invitation(id) => accept(connection, &used(*id, session_of(BACKEND, command)?, at))?,
        Way::New(person) => create(connection, newcomer(person))?,
    };
    if !matches!(command.way, Way::Linked(_)) {
        link(connection, identity, person.id, at)?;
        owned(owner(connection, identity)?, &person, EnterError::Taken)?;
    }
    let person = match role_of_provider(command, &person) {
        None => person,
        Some(change) => {
            let id = person.id;
            let person = updated(&change, Some(person), || is_last_admin(connection, id))?;
            let columns = PersonColumns::from(&person);
            UpdateRow::new("people", columns.id, &columns).execute(connection).map_err(classify)?;
            if discards_timer(&change) {
                discard_timer(connection, id)?;
            }
            person
        }
    };
    if let Some(session) = command.session.as_ref().filter(|_| !matches!(command.way, Way::Invitation(_))) {
        token::insert(connection, session)?;
    }
    Ok(person)
}

fn use_up(connection: &mut SqliteConnection, Once { key, until }: Once, at: Timestamp) -> Result<(), EnterError> {
    let old = used_keys::table.filter(used_keys::used_until.le(at.as_micros()));
    diesel::delete(old).execute(connection).map_err(classify)?;
    let new = (used_keys::key_hash.eq(key.0.as_slice()), used_keys::used_until.eq(until.as_micros()));
    let stored = diesel::insert_into(used_keys::table)
        .values(new)
        .on_conflict(used_keys::key_hash)
        .do_nothing()
        .execute(connection)
        .map_err(classify)?;
    if stored == 1 { Ok(()) } else { Err(EnterError::Used) }
}

fn link(
    connection: &mut SqliteConnection,
    identity: &Identity,
    person: PersonId,
    at: Timestamp,
) -> Result<(), BackendError> {
    let new = (
        identities::issuer.eq(identity.issuer()),
        identities::subject.eq(identity.subject()),
        identities::person_id.eq(person.as_uuid().into_bytes()),
        identities::linked_at.eq(at.as_micros()),
    );
    diesel::insert_into(identities::table)
        .values(new)
        .on_conflict((identities::issuer, identities::subject))
        .do_nothing()
        .execute(connection)
        .map(drop)
        .map_err(classify)
}

/// Whose the identity is.
fn owner(connection: &mut SqliteConnection, identity: &Identity) -> Result<Option<PersonId>, BackendError> {
    let found: Option<Vec<u8>> = identities::table
        .find((identity.issuer(), identity.subject()))
        .select(identities::person_id)
        .first(connection)
        .optional()
        .map_err(classify)?;
    let read = |id: Vec<u8>| uuid(&row("identities", &id), "person_id", &id).map(PersonId::new);
    found.map(read).transpose()
}
