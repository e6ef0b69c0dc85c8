//! Many callers, one execution: the core that everything coalesced shares.
//!
//! A database is paid per round trip and per commit, not per row. So callers that are waiting at the same moment share
//! both: each puts its command into a queue; a worker takes everything that is queued *right now*, up to a bound,
//! carries it out as one group, and only then answers every caller of it. While a group is under way, the next one
//! gathers by itself, so there is no timer, and a command that comes alone is carried out at once: groups are as large as the
//! load makes them.
//!
//! What a newcomer should know before changing anything here:
//! - **A worker is not a thread that waits.** When a command comes and fewer workers than allowed are at work, one is
//!   started on a thread that may block; it carries out groups until the queue is empty, and ends. No HTTP worker ever blocks.
//! - **Few and large beats many and small.** A worker more splits the groups, and what a group costs by itself is paid
//!   twice. Only when those at work seem to be stuck (one waits for a lock, say), or when one more whole group waits, a
//!   spare one is started, for as long as that is so. Who waits while nobody comes any more is seen to by a [`watch`].
//! - **Refusals are outcomes.** "The job is archived" is what one command gets; it is no failure of its group. A
//!   failure means that nothing of the group was done ([`GroupError::Undone`]) or that nobody knows
//!   ([`GroupError::Unknown`]: the answer to a commit was lost).
//! - **One bad command must not fail its neighbours.** A group that was undone is split in halves until the command
//!   that cannot be done stands alone. When the database is not there, nothing is split: all get the same answer.
//!   Nor is it split for ever: after [`GroupLimits::split_for`], each part that is left is tried once, as it is.
//! - **Some commands stay among themselves.** Those of one [lane](Group::lane) share no group with others, and only one
//!   group of a lane is under way at a time: what one lane waits for takes one worker, and its order is kept.
//! - **Who has gone away costs nothing.** A command whose caller no longer waits is dropped before it is carried out.
//! - **The queue is bounded,** by the rows that it holds, because they take memory. When it is full the caller is refused at
//!   once, instead of waiting for a time-out.
//!
//! Deliberately absent: what a command is. This room knows neither the ledger nor a database.

mod coalescer;
mod group;
mod metrics;
mod queue;
#[cfg(test)]
mod tests;
mod watch;
mod worker;

pub(crate) use self::coalescer::Coalescer;
pub use self::group::GroupLimits;
pub(crate) use self::group::{Group, GroupError};
