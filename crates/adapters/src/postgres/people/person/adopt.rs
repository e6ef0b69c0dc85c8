//! Gives what was logged under a subject to a person.
//!
//! Like everybody who writes entries, it locks their jobs first, in the order of their ids. An entry that is moved to
//! another job while it waits for the locks is left for the next time.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::select;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::people::Handle;
use stint_domain::people::Person;
use stint_domain::people::ports::person::{AdoptError, AdoptSubject, Adopted};
use stint_domain::values::TokenId;
use uuid::Uuid;

use crate::people::adopts;
use crate::postgres::access::name_space;
use crate::postgres::attempt::Failure;
use crate::postgres::people::rows::PersonRow;
use crate::postgres::read::one;
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::{people, tokens};
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// Some entries of a subject, each with its job.
    Logged: (SqlUuid, SqlUuid) = "
        SELECT id, related_job FROM time_entries WHERE created_by = ? ORDER BY date_stamp DESC, id DESC LIMIT ?";
    /// Locks jobs, in the order in which everybody locks them.
    Lock: SqlUuid = "SELECT id FROM jobs WHERE id = ANY (?) ORDER BY id FOR NO KEY UPDATE";
    /// Gives these entries of locked jobs to somebody else, if they are still the subject's.
    Give: () = "
        UPDATE time_entries SET created_by = ?, version = version + 1, updated_at = GREATEST(updated_at, ?)
        WHERE id = ANY (?) AND related_job = ANY (?) AND created_by = ?";
}

pub(super) async fn adopt(
    connection: &mut AsyncPgConnection,
    command: &AdoptSubject,
) -> Result<Adopted, Failure<AdoptError>> {
    let AdoptSubject { person: id, subject, most, at } = command;
    // Neither a handle nor a token with the subject is added until this ends.
    name_space::hold(connection).await?;
    let person = people::table.find(id.as_uuid()).select(PersonRow::as_select());
    let person: Option<Person> = one(person.first(connection).await)?;
    let person = person.ok_or(Failure::Refused(AdoptError::NotFound(*id)))?;
    let of_another = people::table
        .filter(people::handle_folded.eq(Handle::folded_subject(subject)))
        .filter(people::id.ne(id.as_uuid()));
    let has_another: bool = select(exists(of_another)).get_result(connection).await?;
    let of_nobody = tokens::table.filter(tokens::subject.eq(subject.as_str())).filter(tokens::person_id.is_null());
    let found: Vec<(Uuid, bool)> = of_nobody
        .order(tokens::id)
        .select((tokens::id, tokens::revoked_at.is_null()))
        .for_no_key_update()
        .load(connection)
        .await?;
    let in_use = found.iter().filter(|(_, is_in_use)| *is_in_use).map(|(id, _)| TokenId::new(*id)).collect();
    if !adopts(command, &person, has_another, in_use).map_err(Failure::Refused)? {
        return Ok(Adopted::default());
    }
    let handle = person.handle.as_str();
    diesel::update(of_nobody)
        .set((tokens::subject.eq(handle), tokens::person_id.eq(id.as_uuid())))
        .execute(connection)
        .await?;

    let logged = Sql::<Logged>::constant().bind::<Text, _>(subject.as_str()).bind::<BigInt, _>(i64::from(most.get()));
    let (entries, jobs): (Vec<Uuid>, Vec<Uuid>) = logged.load::<(Uuid, Uuid)>(connection).await?.into_iter().unzip();
    let jobs: Vec<Uuid> = Sql::<Lock>::constant().bind::<Array<SqlUuid>, _>(jobs).load(connection).await?;
    let found = entries.len();
    let given = Sql::<Give>::constant()
        .bind::<Text, _>(handle)
        .bind::<Timestamptz, _>(timestamptz(*at))
        .bind::<Array<SqlUuid>, _>(entries)
        .bind::<Array<SqlUuid>, _>(jobs)
        .bind::<Text, _>(subject.as_str())
        .execute(connection)
        .await?;
    Ok(Adopted { entries: given as u64, more: given < found || found == most.get() as usize })
}
