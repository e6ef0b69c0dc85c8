//! Rows of people.

use diesel::data_types::PgTimestamp;
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::people::{Email, Handle, Person, PersonName};
use stint_domain::values::PersonId;
use uuid::Uuid;

use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::schema::people;

/// A row of `people`, without the folded handle and the password's hash. The handle never changes.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = people, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(in crate::postgres) struct PersonRow {
    id: Uuid,
    #[diesel(skip_update)]
    handle: String,
    name: String,
    email: Option<String>,
    role: String,
    status: String,
    time_zone: String,
    week_starts_on: String,
    version: i64,
    #[diesel(skip_update)]
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The SQL types of a [`PersonRow`].
pub(in crate::postgres) type PersonColumns = SqlTypeOf<AsSelect<PersonRow, diesel::pg::Pg>>;

impl From<&Person> for PersonRow {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.as_uuid(),
            handle: person.handle.as_str().to_owned(),
            name: person.name.as_str().to_owned(),
            email: person.email.as_ref().map(|email| email.as_str().to_owned()),
            role: person.role.as_str().to_owned(),
            status: person.status.as_str().to_owned(),
            time_zone: person.time_zone.as_str().to_owned(),
            week_starts_on: person.week_starts_on.as_str().to_owned(),
            version: person.version.get(),
            created_at: timestamptz(person.created_at),
            updated_at: timestamptz(person.updated_at),
        }
    }
}

impl TryFrom<PersonRow> for Person {
    type Error = BackendError;

    fn try_from(row: PersonRow) -> Result<Self, BackendError> {
        let place = Place { table: "people", id: row.id };
        // Not shown: an address does not belong in a log.
        let email =
            |text: String| place.column("email", format_args!("a text of {} bytes", text.len()), Email::new(&text));
        Ok(Self {
            id: PersonId::new(row.id),
            handle: place.column("handle", &row.handle, Handle::new(&row.handle))?,
            name: place.column("name", &row.name, PersonName::stored(&row.name))?,
            email: row.email.map(email).transpose()?,
            role: place.column("role", &row.role, row.role.parse())?,
            status: place.column("status", &row.status, row.status.parse())?,
            time_zone: place.column("time_zone", &row.time_zone, row.time_zone.parse())?,
            week_starts_on: place.column("week_starts_on", &row.week_starts_on, row.week_starts_on.parse())?,
            version: place.version(row.version)?,
            created_at: place.timestamp("created_at", row.created_at)?,
            updated_at: place.timestamp("updated_at", row.updated_at)?,
        })
    }
}
