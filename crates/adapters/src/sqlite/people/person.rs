//! People. As there is one writer, what a write reads stays true until it commits. [`crate::people`] decides what a
//! change does.

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::select;
use diesel::sql_types::{BigInt, Text};
use stint_domain::access::{Role, TokenKind};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{
    AcceptInvitation, AcceptInvitationError, Account, AdoptError, AdoptSubject, Adopted, ChangePersonError,
    CreatePerson, CreatePersonError, Invite, InviteError, ListPeople, PersonCursor, SetPassword, SetPasswordError,
    UpdatePerson,
};
use stint_domain::people::{Handle, PasswordHash, Person, PersonStatus};
use stint_domain::values::{PersonId, Timestamp};
use stint_domain::{BackendError, Page};

use crate::people::statements::{self, SUBJECTS, is_among};
use crate::people::{Ending, adopts, created, deactivates, discards_timer, invited, invitee, updated};
use crate::sql::{Varying, statements};
use crate::sqlite::Sqlite;
use crate::sqlite::access::token;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::people::rows::{PersonColumns, PersonRow, PersonSelection};
use crate::sqlite::rows::{one, page};
use crate::sqlite::schema::{people, timers, tokens};
use crate::sqlite::sql::{Dialect, Sql};
use crate::sqlite::update_row::UpdateRow;

#[async_trait]
impl PersonRepository for Sqlite {
    async fn create(&self, command: CreatePerson) -> Result<Person, CreatePersonError> {
        self.write(move |connection| create(connection, command)).await
    }

    async fn update(&self, command: UpdatePerson) -> Result<Person, ChangePersonError> {
        self.write(move |connection| {
            let stored = load(connection, command.id)?;
            let person = updated(&command, stored, || is_last_admin(connection, command.id))?;
            if !command.changes.is_empty() {
                let columns = PersonColumns::from(&person);
                UpdateRow::new("people", columns.id, &columns).execute(connection).map_err(classify)?;
            }
            if deactivates(&command) {
                end(connection, Ending::all(command.id), command.at)?;
            }
            if discards_timer(&command) {
                discard_timer(connection, command.id)?;
            }
            Ok(person)
        })
        .await
    }

    async fn find(&self, id: PersonId) -> Result<Option<Person>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn find_account(&self, handle: Handle) -> Result<Option<Account>, BackendError> {
        self.read(move |connection| account(connection, &handle)).await
    }

    async fn list(&self, query: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError> {
        self.read(move |connection| page(listing(&query).load::<PersonRow>(connection), query.size)).await
    }

    async fn set_password(&self, command: SetPassword) -> Result<(), SetPasswordError> {
        self.write(move |connection| replace_password(connection, &command)).await
    }

    async fn invite(&self, Invite { invitation, at }: Invite) -> Result<(), InviteError> {
        self.write(move |connection| {
            let id = invitee(BACKEND, &invitation)?;
            let person = load(connection, id)?.ok_or(InviteError::NotFound(id))?;
            if person.status != PersonStatus::Active {
                return Err(InviteError::Deactivated(id));
            }
            end(connection, Ending::of(id, TokenKind::Invitation), at)?;
            Ok(token::insert(connection, &invitation)?)
        })
        .await
    }

    async fn adopt(&self, command: AdoptSubject) -> Result<Adopted, AdoptError> {
        self.write(move |connection| adopt(connection, &command)).await
    }

    async fn accept(&self, command: AcceptInvitation) -> Result<Person, AcceptInvitationError> {
        self.write(move |connection| accept(connection, &command)).await
    }
}

pub(in crate::sqlite) fn create(
    connection: &mut SqliteConnection,
    command: CreatePerson,
) -> Result<Person, CreatePersonError> {
    let CreatePerson { person, adopt, invitation } = command;
    let person = created(person);
    let stored = diesel::insert_into(people::table)
        .values(PersonColumns::from(&person))
        .on_conflict(people::handle_folded)
        .do_nothing()
        .execute(connection)
        .map_err(classify)?;
    if stored == 0 {
        return Err(CreatePersonError::HandleTaken(person.handle));
    }
    if !adopt {
        let subjects: Vec<String> = Sql::<Subjects>::constant().load(connection).map_err(classify)?;
        if is_among(&person.handle, &subjects) {
            return Err(CreatePersonError::SubjectTaken(person.handle));
        }
    }
    if let Some(invitation) = invitation {
        token::insert(connection, &invitation)?;
    }
    Ok(person)
}

pub(in crate::sqlite) fn accept(
    connection: &mut SqliteConnection,
    command: &AcceptInvitation,
) -> Result<Person, AcceptInvitationError> {
    let AcceptInvitation { id, password, session, at } = command;
    let invitation = token::load(connection, *id)?.ok_or(AcceptInvitationError::Unusable)?;
    let person = invited(&invitation, *at).ok_or(AcceptInvitationError::Unusable)?;
    let person = load(connection, person)?.filter(|person| person.status == PersonStatus::Active);
    let person = person.ok_or(AcceptInvitationError::Unusable)?;
    diesel::update(tokens::table.find(id.as_uuid().into_bytes()))
        .set(tokens::revoked_at.eq(at.as_micros()))
        .execute(connection)
        .map_err(classify)?;
    end(connection, Ending::of(person.id, TokenKind::Session), *at)?;
    if let Some(hash) = password {
        set_password(connection, person.id, hash)?;
    }
    token::insert(connection, session)?;
    Ok(person)
}

fn adopt(connection: &mut SqliteConnection, command: &AdoptSubject) -> Result<Adopted, AdoptError> {
    let AdoptSubject { person: id, subject, most, .. } = command;
    let person = load(connection, *id)?.ok_or(AdoptError::NotFound(*id))?;
    let of_another = people::table
        .filter(people::handle_folded.eq(Handle::folded_subject(subject)))
        .filter(people::id.ne(id.as_uuid().into_bytes()));
    let has_another: bool = select(exists(of_another)).get_result(connection).map_err(classify)?;
    if !adopts(command, &person, has_another, token::in_use(connection, subject)?)? {
        return Ok(Adopted::default());
    }
    token::give(connection, subject, &person)?;
    let given = give(&person.handle, command).execute(connection).map_err(classify)?;
    Ok(Adopted { entries: given as u64, more: given == most.get() as usize })
}

/// Gives some entries of the subject to the person with this handle.
fn give<'a>(handle: &'a Handle, AdoptSubject { subject, most, at, .. }: &'a AdoptSubject) -> Sql<'a, Give> {
    Sql::constant()
        .bind::<Text, _>(handle.as_str())
        .bind::<BigInt, _>(at.as_micros())
        .bind::<Text, _>(subject.as_str())
        .bind::<BigInt, _>(i64::from(most.get()))
}

statements! {
    Subjects: Text = SUBJECTS;
    /// Gives entries of a subject to somebody else.
    Give: () = "
        UPDATE time_entries SET created_by = ?, version = version + 1, updated_at = max(updated_at, ?)
        WHERE id IN (
            SELECT id FROM time_entries WHERE created_by = ? ORDER BY date_stamp DESC, id DESC LIMIT ?
        )";
}

fn listing(query: &ListPeople) -> Sql<'_, Varying<PersonSelection>> {
    statements::people::<PersonSelection, Dialect>(query)
}

pub(in crate::sqlite) fn load(connection: &mut SqliteConnection, id: PersonId) -> Result<Option<Person>, BackendError> {
    one(people::table.find(id.as_uuid().into_bytes()).select(PersonRow::as_select()).first(connection))
}

fn account(connection: &mut SqliteConnection, handle: &Handle) -> Result<Option<Account>, BackendError> {
    let row: Option<(PersonRow, Option<String>)> = people::table
        .filter(people::handle_folded.eq(handle.folded()))
        .select((PersonRow::as_select(), people::password_hash))
        .first(connection)
        .optional()
        .map_err(classify)?;
    row.map(|(row, hash)| Ok(Account { person: row.try_into()?, password: hash.map(PasswordHash::new) })).transpose()
}

/// Deletes the person's running timer.
pub(in crate::sqlite) fn discard_timer(
    connection: &mut SqliteConnection,
    person: PersonId,
) -> Result<(), BackendError> {
    let running = timers::person_id.eq(person.as_uuid().into_bytes()).and(timers::minutes.is_null());
    diesel::delete(timers::table.filter(running)).execute(connection).map(drop).map_err(classify)
}

/// Whether there is no other active admin.
pub(in crate::sqlite) fn is_last_admin(connection: &mut SqliteConnection, id: PersonId) -> Result<bool, BackendError> {
    let others = people::table
        .filter(people::role.eq(Role::Admin.as_str()))
        .filter(people::status.eq(PersonStatus::Active.as_str()))
        .filter(people::id.ne(id.as_uuid().into_bytes()));
    select(exists(others)).get_result(connection).map(|others: bool| !others).map_err(classify)
}

fn replace_password(connection: &mut SqliteConnection, command: &SetPassword) -> Result<(), SetPasswordError> {
    let SetPassword { person, replaces, hash, sessions, at } = command;
    let row = people::table.find(person.as_uuid().into_bytes()).select(people::password_hash);
    let stored: Option<Option<String>> = row.first(connection).optional().map_err(classify)?;
    if stored.ok_or(SetPasswordError::NotFound(*person))?.map(PasswordHash::new) != *replaces {
        return Err(SetPasswordError::Changed(*person));
    }
    set_password(connection, *person, hash)?;
    if let Some(ending) = Ending::with_password(*person, *sessions) {
        end(connection, ending, *at)?;
    }
    Ok(())
}

fn set_password(connection: &mut SqliteConnection, id: PersonId, hash: &PasswordHash) -> Result<(), BackendError> {
    diesel::update(people::table.find(id.as_uuid().into_bytes()))
        .set(people::password_hash.eq(hash.expose()))
        .execute(connection)
        .map(drop)
        .map_err(classify)
}

fn end(connection: &mut SqliteConnection, which: Ending, at: Timestamp) -> Result<(), BackendError> {
    statements::end::<Dialect>(&which, at).execute(connection).map(drop).map_err(classify)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use stint_domain::values::{Subject, TokenId};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn a_page_of_people_starts_at_its_place_in_the_index() {
        let after = PersonCursor { created_at: Timestamp::from_micros(0).unwrap(), id: PersonId::new(Uuid::nil()) };
        let first = query_plan(&listing(&ListPeople::default()));
        assert_eq!(first, ["SCAN people USING INDEX people_oldest_first"]);
        let (role, status) = (Some(Role::Admin), Some(PersonStatus::Active));
        let next = query_plan(&listing(&ListPeople { role, status, after: Some(after), ..ListPeople::default() }));
        assert_eq!(next, ["SEARCH people USING INDEX people_oldest_first ((created_at,id)>(?,?))"]);
    }

    #[test]
    fn of_the_entries_of_a_subject_one_is_read() {
        let plan = query_plan(&Sql::<Subjects>::constant());
        let of_entries: Vec<_> = plan.iter().filter(|step| step.contains("time_entries")).collect();
        assert_eq!(
            of_entries,
            [
                "SEARCH time_entries USING COVERING INDEX time_entries_of_subject_latest_first",
                "SEARCH time_entries USING COVERING INDEX time_entries_of_subject_latest_first (created_by>?)",
            ]
        );
    }

    #[test]
    fn the_entries_that_are_given_are_found_by_an_index() {
        let at = Timestamp::from_micros(0).unwrap();
        let (subject, most) = (Subject::new("bot").unwrap(), NonZeroU32::MIN);
        let command = AdoptSubject { person: PersonId::new(Uuid::nil()), subject, most, at };
        let of_subject = "SEARCH time_entries USING COVERING INDEX time_entries_of_subject_latest_first (created_by=?)";
        let by_id = "SEARCH time_entries USING COVERING INDEX sqlite_autoindex_time_entries_1 (id=?)";
        assert_eq!(query_plan(&give(&Handle::new("ada").unwrap(), &command)), [by_id, "LIST SUBQUERY 1", of_subject]);
    }

    #[test]
    fn the_tokens_of_a_person_are_found_by_an_index() {
        let (person, at) = (PersonId::new(Uuid::nil()), Timestamp::from_micros(0).unwrap());
        let sessions = Ending { but: Some(TokenId::new(Uuid::nil())), ..Ending::of(person, TokenKind::Session) };
        for which in [Ending::all(person), sessions] {
            let plan = query_plan(&statements::end::<Dialect>(&which, at));
            assert_eq!(plan, ["SEARCH tokens USING INDEX tokens_of_person (person_id=?)"]);
        }
    }
}
