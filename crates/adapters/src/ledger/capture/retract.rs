//! Taking a ping back.

use std::collections::BTreeSet;

use stint_domain::ports::ping::RetractPingError;
use stint_domain::ports::time_entry::DeleteTimeEntry;
use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::values::{CaptureRule, JobId, Subject, Timestamp, Version};
use stint_domain::{JobStatus, LoggedPing, Precondition, Stream, Token};

use super::{Around, Captured, DayOf, Point, Summary, neighbours};
use crate::ledger::Ledger;

/// A ping that counts and is to be taken back, and what its token fixed.
#[derive(Debug)]
pub(crate) struct Retraction<'a> {
    pub(crate) ping: &'a LoggedPing,
    pub(crate) job: JobId,
    pub(crate) rule: CaptureRule,
    pub(crate) subject: &'a Subject,
}

impl<'a> Retraction<'a> {
    /// `token` is the one that sent the ping, which tokens that are never deleted leave there.
    pub(crate) fn of(
        backend: &'static str,
        ping: &'a LoggedPing,
        job: JobId,
        token: Option<&'a Token>,
    ) -> Result<Self, BackendError> {
        let captures = token.and_then(|token| Some((token.capture?, &token.subject)));
        let (rule, subject) = captures.ok_or_else(|| {
            let message = format!("the token {} of the ping {} captures nothing", ping.token, ping.id);
            BackendError::new(backend, BackendErrorKind::Internal, message)
        })?;
        Ok(Self { ping, job, rule, subject })
    }
}

impl Retraction<'_> {
    fn stream(&self) -> Stream {
        Stream { job: self.job, token: self.ping.token }
    }

    fn point(&self) -> Point {
        (self.ping.at, self.ping.id)
    }

    /// The local day of its time.
    pub(crate) fn day(&self) -> DayOf {
        (self.stream(), self.rule.zone.day_of(self.ping.at))
    }

    /// Whether its day needs the summary of another ping now.
    pub(crate) fn had_the_last_word(&self, captured: &Captured) -> bool {
        let summary = captured.days.get(&self.day()).and_then(|day| day.summary.as_ref());
        summary.is_some_and(|summary| summary.of == self.point())
    }

    /// What it is about.
    pub(crate) fn around(&self) -> Around {
        let mut around = Around::default();
        around.jobs.insert(self.job);
        if self.ping.minutes.is_some() {
            around.entries.insert(self.ping.id.into());
        } else {
            around.add_point(self.stream(), self.point(), self.rule.zone, self.rule.gap);
        }
        around
    }
}

impl Ledger {
    /// Takes back the ping, which is among the points if it is one. `earlier` is the latest summary of its day that
    /// another ping has. Answers with the days that are different.
    pub(crate) fn retract(
        &mut self,
        captured: &mut Captured,
        retraction: &Retraction<'_>,
        around: &Around,
        earlier: Option<Summary>,
        at: Timestamp,
    ) -> Result<BTreeSet<DayOf>, RetractPingError> {
        let (ping, job) = (retraction.ping, retraction.job);
        if self.jobs.get(&job).is_some_and(|job| job.status == JobStatus::Archived) {
            return Err(RetractPingError::JobArchived(job));
        }
        let mut touched = BTreeSet::new();
        if ping.minutes.is_some() {
            self.retract_entry(ping, job, at)?;
        } else {
            touched = self.detach(captured, around);
            let day = retraction.day();
            if !self.jobs.contains_key(&job) && !self.entries.contains_key(&day.0.entry_of(day.1)) {
                // The entry went with its job.
                return Ok(BTreeSet::new());
            }
            let state = captured.days.entry(day).or_default();
            if state.detached {
                return Err(RetractPingError::EntryDetached(day.0.entry_of(day.1)));
            }
            let point = retraction.point();
            if state.summary.as_ref().is_some_and(|summary| summary.of == point) {
                state.summary = earlier;
            }
            touched.insert(day);
            let points = captured.points.entry(day.0).or_default();
            let neighbours = neighbours(points, point);
            points.remove(&point);
            let rule = (retraction.rule.zone, retraction.rule.gap);
            captured.change(day.0, rule, neighbours.proves_more(ping.at), -1, &mut touched);
            for day in &touched {
                if let Some(state) = captured.days.get_mut(day).filter(|state| !state.detached) {
                    self.derive(*day, state, retraction.subject, at)?;
                }
            }
        }
        Ok(touched)
    }

    /// Deletes the entry, if it is as it was logged.
    fn retract_entry(&mut self, ping: &LoggedPing, job: JobId, at: Timestamp) -> Result<(), RetractPingError> {
        let id = ping.id.into();
        let Some(entry) = self.entries.get(&id) else { return Ok(()) };
        // One that was deleted and made anew has the version of its own creation.
        if entry.related_job != job || entry.version != Version::initial(ping.logged_at) {
            return Err(RetractPingError::EntryDetached(id));
        }
        let deleted = self.delete(&DeleteTimeEntry { id, at, precondition: Precondition::None });
        Ok(deleted.map_err(|error| self.internal(error))?)
    }
}
