//! People.

pub(in crate::postgres) mod person;
pub(in crate::postgres) mod rows;
