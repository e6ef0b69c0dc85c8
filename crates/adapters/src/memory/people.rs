//! People.

pub(in crate::memory) mod person;
