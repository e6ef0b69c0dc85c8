//! One group of pings, which is logged together. If the ledger refuses the whole group, it is split into smaller and
//! smaller parts until the pings that cannot be logged are alone. These are tried a few times more and then buried;
//! all others are logged.
//!
//! When the ledger is down, that says nothing about the pings: the current part is kept and tried again until it
//! succeeds. A time-out is often caused by one held job, and pings of other jobs should not wait for it: the part is
//! tried once more, job by job, and pings that time out again are left unsettled and handed out later. They are not
//! buried for that.
//!
//! Deliberately absent: splitting the pings of one job that times out. A held job is held for all of them, and each
//! try takes as long as the ledger waits. If a job is just too slow, set smaller groups.

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
    /// Whether they are all for one job, as far as their targets tell, and are tried because a larger part timed out.
    of_one_job: bool,
}

/// The result of trying a part.
enum Fate {
    Logged,
    Refused(BackendError),
    TimedOut(BackendError),
    /// The drain was told to end, and the ledger is down.
    Left,
}

impl Drain {
    /// Logs the pings that can be logged, and notes what the queue has to be told.
    pub(super) async fn log_all(&self, group: Vec<Delivery>, dealt: &mut Dealt, shutdown: &Shutdown) {
        // A stack: the last part is tried next.
        let mut parts = vec![Part { members: readable(group, dealt), of_one_job: false }];
        let (mut alone, begun) = (Vec::new(), Instant::now());
        while let Some(Part { mut members, of_one_job }) = parts.pop() {
            // After that, others may take the pings that are left.
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
                    // Settles what was logged so far, so that it need not wait until all others have timed out.
                    self.settle(std::mem::take(dealt), shutdown).await;
                }
                Fate::Left => return,
            }
        }
        self.try_again(alone, dealt, shutdown).await;
    }

    /// Tries each of these pings alone, in rounds, and buries those that still cannot be logged.
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

    /// Logs a part in one call, and tries again as long as the ledger is down.
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

/// The items that are pings. Items that cannot be read are buried.
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

/// Splits into parts of one job each, in random order: in a fixed order some might never have their turn. A ping that
/// means its token's last project gets that project when it is logged, for good. So it stays with the pings of its
/// token that may name the project.
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

/// Neither settles nor buries these pings.
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
