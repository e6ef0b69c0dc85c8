//! Rows of people: for reading and for writing.

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::people::{Email, Handle, Person, PersonName};
use stint_domain::values::PersonId;

use crate::sqlite::rows::{row, timestamp, uuid, version};
use crate::sqlite::schema::people;
use crate::sqlite::sql::Dialect;

/// A row of `people`, without the folded handle and the password's hash.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = people)]
pub(in crate::sqlite) struct PersonRow {
    id: Vec<u8>,
    handle: String,
    name: String,
    email: Option<String>,
    role: String,
    status: String,
    time_zone: String,
    week_starts_on: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

/// The SQL types of a [`PersonRow`].
pub(in crate::sqlite) type PersonSelection = SqlTypeOf<AsSelect<PersonRow, Dialect>>;

impl TryFrom<PersonRow> for Person {
    type Error = BackendError;

    fn try_from(stored: PersonRow) -> Result<Self, BackendError> {
        let row = row("people", &stored.id);
        // Not shown: an address does not belong in a log.
        let email =
            |text: String| row.column("email", format_args!("a text of {} bytes", text.len()), |_| Email::new(&text));
        Ok(Self {
            id: PersonId::new(uuid(&row, "id", &stored.id)?),
            handle: row.column("handle", stored.handle, |handle| Handle::new(handle))?,
            name: row.column("name", stored.name, |name| PersonName::stored(name))?,
            email: stored.email.map(email).transpose()?,
            role: row.column("role", stored.role, |role| role.parse())?,
            status: row.column("status", stored.status, |status| status.parse())?,
            time_zone: row.column("time_zone", stored.time_zone, |zone| zone.parse())?,
            week_starts_on: row.column("week_starts_on", stored.week_starts_on, |day| day.parse())?,
            version: version(&row, stored.version)?,
            created_at: timestamp(&row, "created_at", stored.created_at)?,
            updated_at: timestamp(&row, "updated_at", stored.updated_at)?,
        })
    }
}

/// The columns of `people` without the password's hash, which is not written with a person. The handle never changes.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = people, treat_none_as_null = true)]
pub(in crate::sqlite) struct PersonColumns<'a> {
    pub(in crate::sqlite) id: [u8; 16],
    #[diesel(skip_update)]
    handle: &'a str,
    #[diesel(skip_update)]
    handle_folded: String,
    name: &'a str,
    email: Option<String>,
    role: &'static str,
    status: &'static str,
    time_zone: &'static str,
    week_starts_on: &'static str,
    version: i64,
    #[diesel(skip_update)]
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a Person> for PersonColumns<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            id: person.id.as_uuid().into_bytes(),
            handle: person.handle.as_str(),
            handle_folded: person.handle.folded(),
            name: person.name.as_str(),
            email: person.email.as_ref().map(Email::to_string),
            role: person.role.as_str(),
            status: person.status.as_str(),
            time_zone: person.time_zone.as_str(),
            week_starts_on: person.week_starts_on.as_str(),
            version: person.version.get(),
            created_at: person.created_at.as_micros(),
            updated_at: person.updated_at.as_micros(),
        }
    }
}
