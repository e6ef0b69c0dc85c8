//! People in Postgres. [`crate::people`] decides what a change does.
//!
//! Every write locks the person's row first and their tokens afterwards, so that writes of one person happen one after
//! the other. A token that is created for a person shares the lock of the row, so a deactivation either finds the token
//! or is seen by its creation. An adoption changes no person: it locks the name space, tokens and jobs.

mod adopt;

use async_trait::async_trait;
use diesel::dsl::insert_into;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::SimpleAsyncConnection;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::access::{Role, Token, TokenKind};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, Account, AdoptError, AdoptSubject, Adopted, ChangePersonError,
    CreatePerson, CreatePersonError, Invite, InviteError, LastAdmin, ListPeople, PersonCursor, SetPassword,
    SetPasswordError, UpdatePerson,
};
use stint_domain::people::{Handle, PasswordHash, Person, PersonStatus};
use stint_domain::values::{PersonId, Timestamp};
use stint_domain::{BackendError, Page};
use uuid::Uuid;

use crate::people::statements::{self, SUBJECTS, is_among};
use crate::people::{Ending, created, deactivates, discards_timer, invited, invitee, updated};
use crate::postgres::Postgres;
use crate::postgres::access::rows::TokenRow;
use crate::postgres::access::{name_space, token};
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::error::BACKEND;
use crate::postgres::people::rows::{PersonColumns, PersonRow};
use crate::postgres::read::{one, page};
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::{people, timers, tokens};
use crate::postgres::sql::Sql;
use crate::sql::{Varying, statements};

#[async_trait]
impl PersonRepository for Postgres {
    async fn create(&self, command: CreatePerson) -> Result<Person, CreatePersonError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| create(connection, command).await))
            })
            .await
    }

    async fn update(&self, command: UpdatePerson) -> Result<Person, ChangePersonError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| update(connection, command).await))
            })
            .await
    }

    async fn find(&self, id: PersonId) -> Result<Option<Person>, BackendError> {
        self.requests
            .run(Repeat::Reads, id, |connection, id| {
                let person = people::table.find(id.as_uuid()).select(PersonRow::as_select());
                Box::pin(async move { one(person.first(connection).await) })
            })
            .await
    }

    async fn find_account(&self, handle: Handle) -> Result<Option<Account>, BackendError> {
        self.requests.run(Repeat::Reads, handle, |connection, handle| Box::pin(account(connection, handle))).await
    }

    async fn list(&self, query: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| {
                Box::pin(async move {
                    let listing = statements::people::<PersonColumns, Pg>(query);
                    page(listing.load::<PersonRow>(connection).await, query.size)
                })
            })
            .await
    }

    async fn set_password(&self, command: SetPassword) -> Result<(), SetPasswordError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| replace_password(connection, command).await))
            })
            .await
    }

    async fn invite(&self, command: Invite) -> Result<(), InviteError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| invite(connection, command).await))
            })
            .await
    }

    async fn adopt(&self, command: AdoptSubject) -> Result<Adopted, AdoptError> {
        // Entries that were given already are not found again.
        self.requests
            .run(Repeat::Harmless, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| adopt::adopt(connection, command).await))
            })
            .await
    }

    async fn accept(&self, command: AcceptInvitation) -> Result<Person, AcceptInvitationError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| accept(connection, command).await))
            })
            .await
    }
}

pub(in crate::postgres) async fn create(
    connection: &mut AsyncPgConnection,
    CreatePerson { person, adopt, invitation }: &CreatePerson,
) -> Result<Person, Failure<CreatePersonError>> {
    name_space::hold(connection).await?;
    let person = created(person.clone());
    let stored = insert_into(people::table)
        .values((PersonRow::from(&person), people::handle_folded.eq(person.handle.folded())))
        .on_conflict(people::handle_folded)
        .do_nothing()
        .execute(connection)
        .await?;
    if stored == 0 {
        return Err(Failure::Refused(CreatePersonError::HandleTaken(person.handle)));
    }
    if !adopt && is_among(&person.handle, &subjects(connection).await?) {
        return Err(Failure::Refused(CreatePersonError::SubjectTaken(person.handle)));
    }
    if let Some(invitation) = invitation {
        token::insert(connection, invitation).await?;
    }
    Ok(person)
}

async fn subjects(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    // Until the server has counted the entries of a new ledger, it takes reading all of them for cheap. There is no index
    // for the few tokens; with that setting they seem so dear that it would compile the statement, for a quarter of a
    // second.
    connection.batch_execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off").await?;
    Sql::<Subjects>::constant().load(connection).await
}

async fn update(
    connection: &mut AsyncPgConnection,
    command: &UpdatePerson,
) -> Result<Person, Failure<ChangePersonError>> {
    // Whoever may take an admin away locks all of them, in one order, and counts them then.
    let admins = if may_take_an_admin(command) { lock_admins(connection).await? } else { Vec::new() };
    let stored = lock(connection, command.id).await?;
    let is_last_admin = || Ok(admins.iter().all(|admin| *admin == command.id.as_uuid()));
    let person = updated(command, stored, is_last_admin).map_err(Failure::Refused)?;
    if !command.changes.is_empty() {
        let row = people::table.find(command.id.as_uuid());
        diesel::update(row).set(PersonRow::from(&person)).execute(connection).await?;
    }
    if deactivates(command) {
        end(connection, Ending::all(command.id), command.at).await?;
    }
    if discards_timer(command) {
        discard_timer(connection, command.id).await?;
    }
    Ok(person)
}

/// Deletes the person's running timer.
pub(in crate::postgres) async fn discard_timer(
    connection: &mut AsyncPgConnection,
    person: PersonId,
) -> QueryResult<()> {
    let running = timers::person_id.eq(person.as_uuid()).and(timers::minutes.is_null());
    diesel::delete(timers::table.filter(running)).execute(connection).await.map(drop)
}

fn may_take_an_admin(command: &UpdatePerson) -> bool {
    let other_role = command.changes.role.is_some_and(|role| role != Role::Admin);
    command.last_admin == LastAdmin::Stays && (other_role || deactivates(command))
}

pub(in crate::postgres) async fn lock_admins(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Uuid>> {
    people::table
        .filter(people::role.eq(Role::Admin.as_str()))
        .filter(people::status.eq(PersonStatus::Active.as_str()))
        .order(people::id)
        .select(people::id)
        .for_no_key_update()
        .load(connection)
        .await
}

/// Locks the person, if they exist.
pub(in crate::postgres) async fn lock<R: From<BackendError>>(
    connection: &mut AsyncPgConnection,
    id: PersonId,
) -> Result<Option<Person>, Failure<R>> {
    let person = people::table.find(id.as_uuid()).select(PersonRow::as_select());
    one(person.for_no_key_update().first(connection).await)
}

async fn account(
    connection: &mut AsyncPgConnection,
    handle: &Handle,
) -> Result<Option<Account>, Failure<BackendError>> {
    let row: Option<(PersonRow, Option<String>)> = people::table
        .filter(people::handle_folded.eq(handle.folded()))
        .select((PersonRow::as_select(), people::password_hash))
        .first(connection)
        .await
        .optional()?;
    let read = |(row, hash): (PersonRow, Option<String>)| {
        Ok(Account { person: row.try_into()?, password: hash.map(PasswordHash::new) })
    };
    row.map(read).transpose()
}

async fn invite(
    connection: &mut AsyncPgConnection,
    Invite { invitation, at }: &Invite,
) -> Result<(), Failure<InviteError>> {
    let id = invitee(BACKEND, invitation)?;
    let person = lock(connection, id).await?.ok_or(Failure::Refused(InviteError::NotFound(id)))?;
    if person.status != PersonStatus::Active {
        return Err(Failure::Refused(InviteError::Deactivated(id)));
    }
    end(connection, Ending::of(id, TokenKind::Invitation), *at).await?;
    token::insert(connection, invitation).await?;
    Ok(())
}

pub(in crate::postgres) async fn accept(
    connection: &mut AsyncPgConnection,
    AcceptInvitation { id, password, session, at }: &AcceptInvitation,
) -> Result<Person, Failure<AcceptInvitationError>> {
    let unusable = || Failure::Refused(AcceptInvitationError::Unusable);
    // Whose it is never changes, and decides which lock comes first.
    let invitation: Token = token::find(connection, *id).await?.ok_or_else(unusable)?;
    let person = lock(connection, invitation.person.ok_or_else(unusable)?).await?;
    let person: Person = person.filter(|person| person.status == PersonStatus::Active).ok_or_else(unusable)?;
    let locked = tokens::table.find(id.as_uuid()).select(TokenRow::as_select()).for_no_key_update();
    let invitation: Option<Token> = one(locked.first(connection).await)?;
    invitation.and_then(|invitation| invited(&invitation, *at)).ok_or_else(unusable)?;
    diesel::update(tokens::table.find(id.as_uuid()))
        .set(tokens::revoked_at.eq(timestamptz(*at)))
        .execute(connection)
        .await?;
    end(connection, Ending::of(person.id, TokenKind::Session), *at).await?;
    if let Some(hash) = password {
        set_password(connection, person.id, hash).await?;
    }
    token::insert(connection, session).await?;
    Ok(person)
}

async fn replace_password(
    connection: &mut AsyncPgConnection,
    SetPassword { person, replaces, hash, sessions, at }: &SetPassword,
) -> Result<(), Failure<SetPasswordError>> {
    let row = people::table.find(person.as_uuid()).select(people::password_hash).for_no_key_update();
    let stored: Option<Option<String>> = row.first(connection).await.optional()?;
    let stored = stored.ok_or(Failure::Refused(SetPasswordError::NotFound(*person)))?;
    if stored.map(PasswordHash::new) != *replaces {
        return Err(Failure::Refused(SetPasswordError::Changed(*person)));
    }
    set_password(connection, *person, hash).await?;
    if let Some(ending) = Ending::with_password(*person, *sessions) {
        end(connection, ending, *at).await?;
    }
    Ok(())
}

async fn set_password(connection: &mut AsyncPgConnection, id: PersonId, hash: &PasswordHash) -> QueryResult<()> {
    diesel::update(people::table.find(id.as_uuid()))
        .set(people::password_hash.eq(hash.expose()))
        .execute(connection)
        .await
        .map(drop)
}

/// Revokes tokens, locked in the order of their ids, as those who log pings do.
async fn end(connection: &mut AsyncPgConnection, which: Ending, at: Timestamp) -> QueryResult<()> {
    let lock: Sql<'_, Varying<SqlUuid>> = statements::of(Sql::varying("SELECT id FROM tokens"), &which);
    let _locked: Vec<Uuid> = lock.text(" ORDER BY id FOR NO KEY UPDATE").load(connection).await?;
    statements::end::<Pg>(&which, at).execute(connection).await.map(drop)
}

statements! {
    Subjects: Text = SUBJECTS;
}
