//! People.

pub(in crate::sqlite) mod person;
pub(in crate::sqlite) mod rows;
