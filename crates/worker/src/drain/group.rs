//! One group of pings: logged together, or, when the ledger refuses the whole, in ever smaller parts until those stand
//! alone that cannot be logged. These are tried a few times more and then buried; all others are logged.
//!
//! An outage is nobody's fault: the part in hand is held and tried again until it works. A time-out is often the fault of
//! one job that somebody holds, and nobody else is to wait for that: the part is tried once more job by job, and what
//! times out again is left unsettled and comes again. Nothing is buried for it.
//!
//! Deliberately absent: ever smaller parts of one job that times out. Whoever holds it holds it for all of them, and each
//! try costs as long as the ledger waits; where a job is just too slow, the group is to be set smaller.

use std::collections::{HashMap, HashSet};

use stint_domain::capture::ports::ping::LogPings;
use stint_domain::capture::ports::ping_queue::{Burial, Delivery, Receipt};
use stint_domain::capture::{Ping, PingProject, PingTarget};
use stint_domain::values::{JobId, Subject, TokenId};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::time::Instant;

use super::{Dealt, Drain};
use crate::reason::{bounded, reason};
use crate::shutdown::Shutdown;

/// A ping that was handed out and could be read.
struct Member {
    receipt: Receipt,
    ping: Ping,
    deliveries: u32,
}

/// Pings that are logged together.
struct Part {
    members: Vec<Member>,
    /// Whether they are all of one job, as far as their targets tell, and are tried because a larger part timed out.
    of_one_job: bool,
}

/// What became of a part.
enum Fate {
    Logged,
    Refused(BackendError),
    TimedOut(BackendError),
    /// The end is asked for, and the ledger is out of reach.
    Left,
}

impl Drain {
    /// Logs what can be logged, and writes down as it goes what the queue is to be told.
    pub(super) async fn log_all(&self, group: Vec<Delivery>, dealt: &mut Dealt, shutdown: &Shutdown) {
        // The last is the next.
        let mut parts = vec![Part { members: readable(group, dealt), of_one_job: false }];
        let (mut alone, begun) = (Vec::new(), Instant::now());
        while let Some(Part { mut members, of_one_job }) = parts.pop() {
            // By then others may take what is left.
            if members.is_empty() || (of_one_job && begun.elapsed() >= self.limits.abandoned_after / 2) {
                continue;
            }
            match self.log(&members, dealt, shutdown).await {
                Fate::Logged => {}
                Fate::Refused(error) => {
                    if members.len() > 1 {
                        let second = members.split_off(members.len() / 2);
                        parts.extend([second, members].map(|members| Part { members, of_one_job }));
                    } else {
                        alone.extend(members.into_iter().map(|member| (member, error.clone())));
                    }
                }
                Fate::TimedOut(_) if !of_one_job => {
                    parts.extend(by_job(members).map(|members| Part { members, of_one_job: true }));
                }
                Fate::TimedOut(error) => {
                    leave(&members, &error);
                    // What was logged meanwhile is not to wait until all others have timed out.
                    self.settle(std::mem::take(dealt), shutdown).await;
                }
                Fate::Left => return,
            }
        }
        self.try_again(alone, dealt, shutdown).await;
    }

    /// Tries each of the lonely ones in rounds, and buries those that still cannot be logged.
    async fn try_again(&self, mut alone: Vec<(Member, BackendError)>, dealt: &mut Dealt, shutdown: &Shutdown) {
        for round in 1.. {
            let mut refused = Vec::new();
            for (member, error) in alone {
                if round >= self.limits.tries || member.deliveries >= self.limits.deliveries {
                    bury(dealt, member.receipt, format!("cannot be logged: {}", reason(&error)));
                } else {
                    refused.push(member);
                }
            }
            if refused.is_empty() {
                return;
            }
            shutdown.sleep(self.limits.backoff.after(round)).await;
            alone = Vec::new();
            for member in refused {
                match self.log(std::slice::from_ref(&member), dealt, shutdown).await {
                    Fate::Logged => {}
                    Fate::Refused(error) => alone.push((member, error)),
                    Fate::TimedOut(error) => leave(&[member], &error),
                    Fate::Left => return,
                }
            }
        }
    }

    /// Logs a part in one call, and holds it through an outage.
    async fn log(&self, part: &[Member], dealt: &mut Dealt, shutdown: &Shutdown) -> Fate {
        loop {
            let pings = part.iter().map(|member| member.ping.clone()).collect();
            let error = match self.pings.log(LogPings { pings, at: self.clock.now() }).await {
                Ok(outcomes) => {
                    self.ledger.works();
                    let now = self.clock.now();
                    for (member, outcome) in part.iter().zip(&outcomes) {
                        self.metrics.drained(outcome, member.ping.received_at, now);
                    }
                    dealt.logged.extend(part.iter().map(|member| member.receipt.clone()));
                    return Fate::Logged;
                }
                Err(error) => error,
            };
            match error.kind {
                BackendErrorKind::Unavailable => {}
                BackendErrorKind::Timeout => return Fate::TimedOut(error),
                _ => return Fate::Refused(error),
            }
            let failures = self.ledger.failed(&error);
            shutdown.sleep(self.limits.backoff.after(failures)).await;
            if shutdown.is_requested() {
                return Fate::Left;
            }
        }
    }
}

/// Those that are pings; what is none is buried.
fn readable(group: Vec<Delivery>, dealt: &mut Dealt) -> Vec<Member> {
    let mut members = Vec::with_capacity(group.len());
    for Delivery { receipt, ping, deliveries } in group {
        match ping {
            Ok(ping) => members.push(Member { receipt, ping, deliveries }),
            Err(why) => bury(dealt, receipt, bounded(format!("cannot be read: {why}"))),
        }
    }
    members
}

/// Parts of one job each, in no order: were it always the same one, some might never have their turn. A ping that means its
/// token's last project is found one when it is logged, for good: so it stays with those of the token that may name it.
fn by_job(members: Vec<Member>) -> impl Iterator<Item = Vec<Member>> {
    #[derive(PartialEq, Eq, Hash)]
    enum Of {
        Job(JobId),
        Project(PingProject, Subject),
        Projects(TokenId),
    }
    let is_wanting = |target: &PingTarget| {
        matches!(target, PingTarget::Project { project: PingProject::Unnamed { last: true, .. }, .. })
    };
    let wanting: HashSet<_> =
        members.iter().filter(|member| is_wanting(&member.ping.target)).map(|member| member.ping.token).collect();
    let mut parts = HashMap::<Of, Vec<Member>>::new();
    for member in members {
        let of = match &member.ping.target {
            PingTarget::Job(job) => Of::Job(*job),
            PingTarget::Project { .. } if wanting.contains(&member.ping.token) => Of::Projects(member.ping.token),
            PingTarget::Project { project, .. } => Of::Project(project.clone(), member.ping.subject.clone()),
        };
        parts.entry(of).or_default().push(member);
    }
    parts.into_values()
}

/// Neither settles nor buries them.
fn leave(members: &[Member], error: &BackendError) {
    for member in members.iter().take(1) {
        let (first, reason) = (member.ping.id, reason(error));
        tracing::warn!(pings = members.len(), %first, reason, "left pings of a job for later");
    }
}

fn bury(dealt: &mut Dealt, receipt: Receipt, reason: String) {
    tracing::error!(receipt = receipt.0, reason, "buried a ping; `stint pings dead` lists it");
    dealt.burials.push(Burial { receipt, reason });
}
