//! One group of pings: logged together, or, when the ledger refuses the whole, in ever smaller parts until those stand
//! alone that cannot be logged. These are tried a few times more and then buried; all others are logged.
//!
//! An outage is nobody's fault: the part in hand is held and tried again until it works. A time-out may be the fault of a
//! part, such as a job that somebody holds: after a few it is split too, but nothing is buried for it; it is left unsettled
//! and comes again.

use stint_domain::Ping;
use stint_domain::ports::ping::LogPings;
use stint_domain::ports::ping_queue::{Burial, Delivery, Receipt};
use stint_domain::ports::{BackendError, BackendErrorKind};

use super::{Dealt, Drain};
use crate::reason::{bounded, reason};
use crate::shutdown::Shutdown;

/// How often a part may time out before it is split.
const TIME_OUTS: u32 = 3;

/// A ping that was handed out and could be read.
struct Member {
    receipt: Receipt,
    ping: Ping,
    deliveries: u32,
}

/// What became of a part.
enum Part {
    Logged,
    Refused(BackendError),
    /// The end is asked for, and the ledger is out of reach.
    Left,
}

impl Drain {
    /// Logs what can be logged, and writes down as it goes what the queue is to be told.
    pub(super) async fn log_all(&self, group: Vec<Delivery>, dealt: &mut Dealt, shutdown: &Shutdown) {
        // The last is the next.
        let mut parts = vec![readable(group, dealt)];
        let mut alone = Vec::new();
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match self.log(&part, dealt, shutdown).await {
                Part::Logged => {}
                Part::Refused(error) => {
                    if part.len() > 1 {
                        let second = part.split_off(part.len() / 2);
                        parts.extend([second, part]);
                    } else {
                        alone.extend(part.into_iter().map(|member| (member, error.clone())));
                    }
                }
                Part::Left => return,
            }
        }
        self.try_again(alone, dealt, shutdown).await;
    }

    /// Tries each of the lonely ones in rounds, and buries those that still cannot be logged.
    async fn try_again(&self, mut alone: Vec<(Member, BackendError)>, dealt: &mut Dealt, shutdown: &Shutdown) {
        for round in 1.. {
            let mut refused = Vec::new();
            for (member, error) in alone {
                if error.kind == BackendErrorKind::Timeout {
                    tracing::warn!(ping = %member.ping.id, reason = reason(&error), "left a ping for later");
                } else if round >= self.limits.tries || member.deliveries >= self.limits.deliveries {
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
                    Part::Logged => {}
                    Part::Refused(error) => alone.push((member, error)),
                    Part::Left => return,
                }
            }
        }
    }

    /// Logs a part in one call, and holds it through an outage.
    async fn log(&self, part: &[Member], dealt: &mut Dealt, shutdown: &Shutdown) -> Part {
        let mut time_outs = 0;
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
                    return Part::Logged;
                }
                Err(error) => error,
            };
            time_outs += u32::from(error.kind == BackendErrorKind::Timeout);
            if !super::is_outage(error.kind) || time_outs >= TIME_OUTS {
                return Part::Refused(error);
            }
            let failures = self.ledger.failed(&error);
            shutdown.sleep(self.limits.backoff.after(failures)).await;
            if shutdown.is_requested() {
                return Part::Left;
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

fn bury(dealt: &mut Dealt, receipt: Receipt, reason: String) {
    tracing::error!(receipt = receipt.0, reason, "buried a ping; `stint pings dead` lists it");
    dealt.burials.push(Burial { receipt, reason });
}
