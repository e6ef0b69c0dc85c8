//! Taking a ping back.

use std::collections::BTreeSet;

use stint_domain::access::Token;
use stint_domain::capture::ports::ping::RetractPingError;
use stint_domain::capture::{CaptureRule, CapturedDay, LoggedPing};
use stint_domain::ledger::ports::time_entry::DeleteTimeEntry;
use stint_domain::ledger::{JobStatus, Precondition};
use stint_domain::values::{JobId, PingId, Subject, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::Reach;
use super::stream::Shift;
use super::{Around, Captured, Mark, Point, Summary};
use crate::ledger::Ledger;

/// A ping that counts and is to be taken back, and its token's rule.
#[derive(Debug)]
pub(crate) struct Retraction<'a> {
    pub(crate) ping: &'a LoggedPing,
    pub(crate) mark: Mark,
    pub(crate) rule: CaptureRule,
    pub(crate) subject: &'a Subject,
}

impl<'a> Retraction<'a> {
    /// `token` is the one that sent the ping. Tokens are never deleted, so it exists.
    pub(crate) fn of(
        backend: &'static str,
        ping: &'a LoggedPing,
        mark: Mark,
        token: Option<&'a Token>,
    ) -> Result<Self, BackendError> {
        let captures = token.and_then(|token| Some((token.capture?, &token.subject)));
        let (rule, subject) = captures.ok_or_else(|| {
            let message = format!("the token {} of the ping {} captures nothing", ping.token, ping.id);
            BackendError::new(backend, BackendErrorKind::Internal, message)
        })?;
        Ok(Self { ping, mark, rule, subject })
    }
}

impl Retraction<'_> {
    fn point(&self) -> Point {
        (self.ping.at, self.ping.id)
    }

    /// The local day of its time.
    pub(crate) fn day(&self) -> CapturedDay {
        CapturedDay { job: self.mark.job, token: self.ping.token, date: self.rule.zone.day_of(self.ping.at) }
    }

    /// Whether its day now needs the summary of another ping.
    pub(crate) fn had_the_last_word(&self, captured: &Captured) -> bool {
        let summary = captured.days.get(&self.day()).and_then(|day| day.summary.as_ref());
        summary.is_some_and(|summary| summary.of == self.point())
    }

    /// The neighbours to read, if it is a point.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn reach(&self) -> Vec<Reach> {
        let point = || Reach::new(self.ping.token, self.point(), self.rule.gap);
        if self.ping.minutes.is_some() { Vec::new() } else { vec![point()] }
    }

    /// What the retraction concerns, including its neighbours.
    pub(crate) fn around(&self, captured: &Captured) -> Around {
        let mut around = Around::default();
        if self.ping.minutes.is_some() {
            around.jobs.insert(self.mark.job);
            around.entries.insert(self.ping.id.into());
        } else {
            let rule = (self.rule.zone, self.rule.gap);
            around.add_point(captured, self.ping.token, self.point(), self.mark.job, rule);
        }
        around
    }
}

/// The result of a retraction, beside the changes of the ledger.
#[derive(Debug, Default)]
pub(crate) struct Retracted {
    /// The days that changed.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "memory has them where they are changed")
    )]
    pub(crate) days: BTreeSet<CapturedDay>,
    /// The ping after it, if that one gets its mark (see [`Mark::anew`]).
    pub(crate) marked: Option<PingId>,
}

impl Ledger {
    /// Takes back the ping. `earlier` is the latest summary of its day from another ping.
    pub(crate) fn retract(
        &mut self,
        captured: &mut Captured,
        retraction: &Retraction<'_>,
        around: &Around,
        earlier: Option<Summary>,
        at: Timestamp,
    ) -> Result<Retracted, RetractPingError> {
        let (ping, job) = (retraction.ping, retraction.mark.job);
        if self.is_archived(job) {
            return Err(RetractPingError::JobArchived(job));
        }
        if ping.minutes.is_some() {
            self.retract_entry(retraction, at)?;
            return Ok(Retracted::default());
        }
        let mut touched = self.note(captured, around);
        let day = retraction.day();
        // An entry that was moved to another job still exists when its own job is gone.
        let is_gone = !self.jobs.contains_key(&job) && !self.entries.contains_key(&day.entry_id());
        if captured.is_detached(day) && !is_gone {
            return Err(RetractPingError::EntryDetached(day.entry_id()));
        }
        let neighbours = captured.neighbours(ping.token, retraction.point(), retraction.rule.gap);
        let shifts = neighbours.shifts_without(retraction.mark);
        for shift in shifts.iter().filter(|shift| shift.job != job) {
            self.give_up(captured, retraction, shift)?;
        }
        for shift in &shifts {
            if !self.jobs.contains_key(&shift.job) {
                // If a job with this id is created again, it starts with no captured time.
                for (day, _) in shift.days(ping.token, retraction.rule.zone) {
                    captured.days.entry(day).or_default().detached = true;
                    touched.insert(day);
                }
            }
            captured.apply(ping.token, shift, retraction.rule.zone, &mut touched);
        }
        if let Some(stream) = captured.streams.get_mut(&ping.token) {
            stream.remove(&retraction.point());
        }
        let marked = neighbours.inherits(retraction.mark);
        if let Some(after) = marked {
            captured.set_anew(ping.token, after, true);
        }
        if !is_gone {
            if retraction.had_the_last_word(captured) {
                captured.days.entry(day).or_default().summary = earlier;
            }
            touched.insert(day);
        }
        for day in &touched {
            self.derive(captured, *day, retraction.subject, at)?;
        }
        Ok(Retracted { days: touched, marked: marked.map(|(_, id)| id) })
    }

    /// Fails when another job's time may not change in this way.
    fn give_up(&self, captured: &Captured, retraction: &Retraction<'_>, shift: &Shift) -> Result<(), RetractPingError> {
        if self.is_archived(shift.job) {
            return Err(RetractPingError::JobArchived(shift.job));
        }
        let is_there = self.jobs.contains_key(&shift.job);
        let theirs = captured.detached_in(retraction.ping.token, shift, retraction.rule.zone);
        match theirs.filter(|_| is_there && shift.sign < 0) {
            Some(day) => Err(RetractPingError::EntryDetached(day.entry_id())),
            None => Ok(()),
        }
    }

    fn is_archived(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|job| job.status == JobStatus::Archived)
    }

    /// Deletes the entry, unless it was made again since, or has other minutes, another date or another job than it
    /// was logged with.
    fn retract_entry(&mut self, retraction: &Retraction<'_>, at: Timestamp) -> Result<(), RetractPingError> {
        let (ping, day) = (retraction.ping, retraction.day());
        let id = ping.id.into();
        let Some(entry) = self.entries.get(&id) else { return Ok(()) };
        let found = (entry.related_job, entry.date_stamp, Some(entry.minutes_worked), entry.created_at);
        if found != (day.job, day.date, ping.minutes, ping.logged_at) {
            return Err(RetractPingError::EntryDetached(id));
        }
        let deleted = self.delete(&DeleteTimeEntry { id, owner: None, at, precondition: Precondition::None });
        Ok(deleted.map_err(|error| self.internal(error))?)
    }
}
