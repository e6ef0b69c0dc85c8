//! Tasks' runs.

pub(in crate::api) mod tasks;
