//! Jobs, time entries and their totals.

mod job;
mod time_entry;
mod totals;
