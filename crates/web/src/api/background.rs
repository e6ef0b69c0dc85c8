//! Background work.

pub(in crate::api) mod tasks;
