//! A queue that carries out the commands of many callers together. Everything that is coalesced uses it.
//!
//! The cost of a database is its round trips and commits, not its rows. So callers that wait at the same moment share
//! both: each puts its command into a queue. A worker takes everything that is queued *right now*, up to a bound,
//! carries it out as one group, and then answers the callers of the group. While a group runs, the next one gathers.
//! So there is no timer, a single command is carried out at once, and groups grow with the load.
//!
//! Before you change anything here:
//! - **A worker does not wait for commands.** When a command arrives and fewer workers than allowed are running, a
//!   worker is started: a task, or a thread if the driver blocks ([`Workers`]). It carries out groups until the queue
//!   is empty, and then ends. No HTTP worker ever blocks.
//! - **A few large groups are cheaper than many small ones.** A second worker splits the groups, and the fixed cost
//!   of a group is paid twice. So a spare worker is started only when the running ones seem stuck (one waits for a
//!   lock, say), or when another whole group waits; it ends when neither is so any more. A [`watch`] starts it for
//!   callers that wait when no further command arrives.
//! - **A refusal is an outcome.** "The job is archived" is the outcome of one command, and not a failure of its
//!   group. A failure means that nothing of the group was done ([`GroupError::Undone`]), or that it is not known
//!   whether it was done ([`GroupError::Unknown`]: the answer to a commit was lost).
//! - **One bad command must not fail the others.** A group that was undone is split in halves until the command that
//!   cannot be carried out is alone. When the database is down, nothing is split: all callers get the same answer.
//!   The splitting has a time limit, [`GroupLimits::split_for`]; after that each remaining part is tried once, as it
//!   is.
//! - **Some commands stay apart.** Commands of one [lane](Group::lane) share no group with others, and one group of a
//!   lane runs at a time. So whatever a lane waits for occupies one worker, and its commands keep their order.
//! - **A caller that is gone costs nothing.** Its command is dropped before it is carried out.
//! - **The queue is bounded** by the rows that its commands hold in memory. When it is full, a caller is refused at
//!   once and does not wait for a time-out.
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
pub(crate) use self::group::{Group, GroupError, Workers};
