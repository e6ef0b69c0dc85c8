//! What pings do to a ledger: the port's rules, without a database.
//!
//! A ping with minutes is a new entry. Pings without are points in their stream, and a point changes only what lies
//! between its two neighbours: so a backend reads each one's neighbours and the days around it ([`Around`]), lets the pings
//! happen here, and stores what is new and different ([`Logged`]). Points can come in any order: what all of them
//! prove is a sum over pairs of neighbours, and a new point replaces one pair by two.
//!
//! Everything happens under the locks of the pings' jobs, which whoever writes an entry holds anyway.

mod around;
mod project;
mod retract;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stint_domain::ports::BackendError;
use stint_domain::ports::time_entry::{
    DeleteTimeEntry, NewTimeEntry, RecordRefusal, RecordTime, RecordTimeError, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::values::{
    DateStamp, Gap, JobId, Minutes, PingId, Subject, Timestamp, TokenId, Version, WorkSummary, Zone,
};
use stint_domain::{JobStatus, LoggedPing, Ping, PingOutcome, PingRefusal, Precondition, Stream, TimeEntry};

pub(crate) use self::around::Around;
pub(crate) use self::project::{Aim, ProjectKey, Projects, projects};
pub(crate) use self::retract::Retraction;
use super::Ledger;

/// A ping whose job was found out, if its target stands for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aimed<'a> {
    pub(crate) ping: &'a Ping,
    pub(crate) job: Option<JobId>,
}

/// What there is of capture: all of it, or what some pings are about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captured {
    /// What became of pings.
    pub(crate) outcomes: HashMap<PingId, PingOutcome>,
    /// The points of streams that count.
    pub(crate) points: BTreeMap<Stream, BTreeSet<Point>>,
    /// What streams come to by day.
    pub(crate) days: BTreeMap<DayOf, Day>,
}

/// When a ping that counts says that work was happening.
pub(crate) type Point = (Timestamp, PingId);

/// A stream's local day.
pub(crate) type DayOf = (Stream, DateStamp);

/// What a stream's pings of one local day come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// How much time they prove.
    pub(crate) micros: i64,
    /// The latest summary that any of them has.
    pub(crate) summary: Option<Summary>,
    /// The version of the derived entry as it was written here last.
    pub(crate) entry_version: Option<Version>,
    /// The entry is somebody else's now.
    pub(crate) detached: bool,
}

/// A summary, and the ping that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) of: Point,
    pub(crate) text: WorkSummary,
}

/// What logging did, beside its changes of the ledger.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    /// What became of each ping.
    pub(crate) outcomes: Vec<PingOutcome>,
    /// The pings that were new, each with the local day of its time.
    pub(crate) new: Vec<(LoggedPing, DateStamp)>,
    /// The days that are new or different.
    pub(crate) days: BTreeSet<DayOf>,
}

impl Day {
    /// Whole minutes, at most those of a day.
    fn minutes(&self) -> Option<Minutes> {
        let whole = self.micros / 60_000_000;
        Minutes::new(whole.min(Minutes::MAX.into())).ok()
    }

    fn text(&self) -> WorkSummary {
        self.summary.as_ref().map(|summary| summary.text.clone()).unwrap_or_default()
    }
}

impl Ledger {
    /// Logs the pings, refusals included. When it fails, half of it may be done.
    pub(crate) fn log(
        &mut self,
        captured: &mut Captured,
        pings: &[Aimed<'_>],
        around: &Around,
        at: Timestamp,
    ) -> Result<Logged, BackendError> {
        let (mut logged, mut subjects) = (Logged::default(), HashMap::new());
        logged.days = self.detach(captured, around);
        for aimed in pings {
            let ping = aimed.ping;
            if let Some(outcome) = captured.outcomes.get(&ping.id) {
                logged.outcomes.push(*outcome);
                continue;
            }
            let day = ping.zone.day_of(ping.at);
            let outcome = match (self.target(aimed.job), ping.minutes) {
                (Err(refusal), _) => PingOutcome::Ignored(refusal),
                (Ok(job), Some(minutes)) => self.log_minutes(ping, job, day, minutes, at)?,
                (Ok(job), None) => {
                    let stream = Stream { job, token: ping.token };
                    subjects.insert(stream, &ping.subject);
                    captured.add(ping, (stream, day), &mut logged.days)
                }
            };
            captured.outcomes.insert(ping.id, outcome);
            logged.outcomes.push(outcome);
            logged.new.push((logged_ping(*aimed, outcome, at), day));
        }
        for day in &logged.days {
            if let (Some(state), Some(subject)) = (captured.days.get_mut(day), subjects.get(&day.0))
                && !state.detached
            {
                self.derive(*day, state, subject, at)?;
            }
        }
        Ok(logged)
    }

    /// Takes note of derived entries that somebody changed or deleted, or made, and answers with their days. That is
    /// stored: were such a day attached again later, it would have been given only a part of its time.
    fn detach(&self, captured: &mut Captured, around: &Around) -> BTreeSet<DayOf> {
        let mut detached = BTreeSet::new();
        for day in &around.days {
            let state = captured.days.entry(*day).or_default();
            let entry = self.entries.get(&day.0.entry_of(day.1));
            if !state.detached && entry.map(|entry| entry.version) != state.entry_version {
                state.detached = true;
                detached.insert(*day);
            }
        }
        detached
    }

    /// The job, if it takes time.
    fn target(&self, job: Option<JobId>) -> Result<JobId, PingRefusal> {
        let job = job.ok_or(PingRefusal::ProjectUnknown)?;
        match self.jobs.get(&job).map(|job| job.status) {
            None => Err(PingRefusal::JobNotFound),
            Some(JobStatus::Archived) => Err(PingRefusal::JobArchived),
            Some(JobStatus::Open) => Ok(job),
        }
    }

    fn log_minutes(
        &mut self,
        ping: &Ping,
        job: JobId,
        day: DateStamp,
        minutes: Minutes,
        at: Timestamp,
    ) -> Result<PingOutcome, BackendError> {
        let entry = NewTimeEntry {
            id: ping.id.into(),
            related_job: job,
            minutes_worked: minutes,
            date_stamp: day,
            work_summary: ping.summary.clone().unwrap_or_default(),
            created_by: ping.subject.clone(),
        };
        match self.record(&RecordTime { entry, at, idempotency: None }) {
            Ok(entry) => Ok(PingOutcome::Logged(entry.outcome.id)),
            Err(RecordTimeError::Refused(RecordRefusal::IdTaken(_))) => Ok(PingOutcome::Ignored(PingRefusal::IdTaken)),
            Err(RecordTimeError::Backend(error)) => Err(error),
            // The job was looked at, and there is no key.
            Err(error @ (RecordTimeError::Refused(_) | RecordTimeError::KeyReused)) => Err(self.internal(error)),
        }
    }

    /// Makes the derived entry what the day comes to.
    fn derive(&mut self, day: DayOf, state: &mut Day, subject: &Subject, at: Timestamp) -> Result<(), BackendError> {
        let (stream, date) = day;
        let id = stream.entry_of(date);
        let precondition = Precondition::None;
        let stored: Option<&TimeEntry> = self.entries.get(&id);
        state.entry_version = match (stored, state.minutes()) {
            (None, None) => None,
            (None, Some(minutes_worked)) => {
                let (related_job, created_by) = (stream.job, subject.clone());
                let work_summary = state.text();
                let entry =
                    NewTimeEntry { id, related_job, minutes_worked, date_stamp: date, work_summary, created_by };
                let recorded = self.record(&RecordTime { entry, at, idempotency: None });
                Some(recorded.map_err(|error| self.internal(error))?.outcome.version)
            }
            (Some(entry), Some(minutes)) => {
                let text = state.text();
                let changes = TimeEntryChanges {
                    minutes_worked: Some(minutes).filter(|minutes| *minutes != entry.minutes_worked),
                    work_summary: Some(text).filter(|text| *text != entry.work_summary),
                    ..TimeEntryChanges::default()
                };
                let updated = self.update(&UpdateTimeEntry { id, changes, at, precondition });
                Some(updated.map_err(|error| self.internal(error))?.version)
            }
            (Some(_), None) => {
                let deleted = self.delete(&DeleteTimeEntry { id, at, precondition });
                deleted.map_err(|error| self.internal(error))?;
                None
            }
        };
        Ok(())
    }
}

impl Captured {
    /// Adds a point to its stream, and the time that it proves to the days.
    fn add(&mut self, ping: &Ping, day: DayOf, touched: &mut BTreeSet<DayOf>) -> PingOutcome {
        let (stream, date) = day;
        let state = self.days.entry(day).or_default();
        if state.detached {
            return PingOutcome::Ignored(PingRefusal::EntryDetached);
        }
        let point = (ping.at, ping.id);
        if let Some(text) = &ping.summary
            && state.summary.as_ref().is_none_or(|latest| latest.of < point)
        {
            state.summary = Some(Summary { of: point, text: text.clone() });
        }
        touched.insert(day);
        let points = self.points.entry(stream).or_default();
        points.insert(point);
        let around = neighbours(points, point);
        self.change(stream, (ping.zone, ping.gap), around.proves_more(ping.at), 1, touched);
        PingOutcome::Logged(stream.entry_of(date))
    }

    /// Adds the time between the pairs of points to its days, or takes it away; never from a day that is detached.
    fn change(
        &mut self,
        stream: Stream,
        (zone, gap): (Zone, Gap),
        pairs: impl IntoIterator<Item = (Timestamp, Timestamp, i64)>,
        sign: i64,
        touched: &mut BTreeSet<DayOf>,
    ) {
        let proved = |(from, to, _): &(Timestamp, Timestamp, i64)| to.as_micros() - from.as_micros() < gap.as_micros();
        for (from, to, times) in pairs.into_iter().filter(proved) {
            for (date, micros) in zone.split(from, to) {
                let state = self.days.entry((stream, date)).or_default();
                if !state.detached {
                    // Less than nothing only if the zone's rules were amended since.
                    state.micros = (state.micros + sign * times * micros).max(0);
                    touched.insert((stream, date));
                }
            }
        }
    }
}

/// The times of the points before and after one.
#[derive(Debug, Clone, Copy)]
struct Neighbours {
    before: Option<Timestamp>,
    after: Option<Timestamp>,
}

impl Neighbours {
    /// The pairs that a point between them makes, each to be counted once; and the pair that it breaks up, to be taken away.
    fn proves_more(self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp, i64)> {
        let first = self.before.map(|before| (before, at, 1));
        let second = self.after.map(|after| (at, after, 1));
        let broken = self.before.zip(self.after).map(|(before, after)| (before, after, -1));
        [first, second, broken].into_iter().flatten()
    }
}

fn neighbours(points: &BTreeSet<Point>, point: Point) -> Neighbours {
    Neighbours {
        before: points.range(..point).next_back().map(|(at, _)| *at),
        after: points.range(point..).find(|other| **other != point).map(|(at, _)| *at),
    }
}

/// When tokens were last used.
pub(crate) fn last_use(pings: &[Ping]) -> BTreeMap<TokenId, Timestamp> {
    let mut last = BTreeMap::new();
    for ping in pings {
        let at = last.entry(ping.token).or_insert(ping.received_at);
        *at = (*at).max(ping.received_at);
    }
    last
}

fn logged_ping(Aimed { ping, job }: Aimed<'_>, outcome: PingOutcome, logged_at: Timestamp) -> LoggedPing {
    LoggedPing {
        id: ping.id,
        token: ping.token,
        related_job: job,
        at: ping.at,
        received_at: ping.received_at,
        minutes: ping.minutes,
        summary: ping.summary.clone(),
        outcome,
        logged_at,
    }
}
