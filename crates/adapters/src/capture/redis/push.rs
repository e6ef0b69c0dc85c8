//! Pushes: those of callers that wait at the same moment are sent in one round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::{RedisResult, Value, pipe};
use stint_domain::{BackendError, BackendErrorKind};

use super::entry::PING;
use super::error::{BACKEND, backend_error};
use super::keys::Keys;
use super::session::{Attempt, Session, Sessions};
use super::take;
use crate::blocking::Blocking;
use crate::grouping::{Group, GroupError, Workers};

/// Pushes that share a round trip. A push is its pings as text.
pub(super) struct Pushes {
    pub(super) keys: Arc<Keys>,
    pub(super) commands: Blocking<Sessions>,
    /// Whether the consumer group exists. Takes create it, too. But if Redis were full before the first take, a take
    /// could not create it any more, and nothing could leave the queue.
    pub(super) grouped: AtomicBool,
}

impl Group for Pushes {
    type Command = Vec<String>;
    type Outcome = Result<(), BackendError>;

    const BACKEND: &'static str = BACKEND;
    const WORKERS: Workers = Workers::Threads;

    fn weight(pings: &Vec<String>) -> usize {
        pings.len()
    }

    /// A pipeline, not a transaction: when memory runs out, some pushes may succeed and others not, each with its own
    /// answer.
    async fn carry_out(&self, pushes: &[Vec<String>]) -> Result<Vec<Result<(), BackendError>>, GroupError> {
        let mut pipeline = pipe();
        pipeline.ignore_errors();
        let makes_group = !self.grouped.load(Ordering::Relaxed);
        if makes_group {
            pipeline.add_command(take::make_group(&self.keys));
        }
        for ping in pushes.iter().flatten() {
            pipeline.cmd("XADD").arg(&self.keys.pings).arg("*").arg(PING).arg(ping);
        }
        let push = |session: &mut Session| {
            session.run(Attempt::Harmless, |connection| {
                let mut added: Vec<RedisResult<Value>> = pipeline.query(connection)?;
                added.drain(..usize::from(makes_group));
                // When every push failed, the server has a problem, and the connection may be broken.
                match added.iter().find_map(|answer| answer.as_ref().err()) {
                    Some(error) if added.iter().all(Result::is_err) => Err(error.clone()),
                    _ => Ok(added),
                }
            })
        };
        let added = match self.commands.run_here(push).await {
            Ok(added) => {
                self.grouped.store(true, Ordering::Relaxed);
                added
            }
            Err(error) if error.kind == BackendErrorKind::Timeout => return Err(GroupError::Unknown(error)),
            Err(error) if error.kind == BackendErrorKind::Unavailable => return Err(GroupError::Undone(error)),
            // The group is not split: each half would only get the same answer.
            Err(error) => return Ok(vec![Err(error); pushes.len()]),
        };
        let mut added = added.into_iter();
        let outcome = |pings: &Vec<String>| {
            // Reads all answers of a push, also after a failed one: the next ones belong to the next caller.
            let own: Vec<_> = added.by_ref().take(pings.len()).collect();
            own.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(backend_error(error)))
        };
        Ok(pushes.iter().map(outcome).collect())
    }
}
