//! What pings do to a ledger: the port's rules, without a database.
//!
//! A ping with minutes is a new entry. Pings without minutes are points of their token's stream ([`stream`]). A point
//! changes only what lies between its two neighbours. So a backend reads each point's neighbours ([`Reach`]) and the
//! days around it ([`Around`]), lets the pings happen here, and stores what is new and different ([`Logged`]). Points
//! may come in any order: the time that they prove is a sum over pairs of neighbours, and a new point replaces one
//! pair by two.
//!
//! The caller holds the locks of the pings' tokens, and of the jobs that have the time around the pings. Every writer
//! of entries holds the locks of its jobs.

mod around;
mod days;
mod project;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod reach;
mod retract;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stint_domain::BackendError;
use stint_domain::capture::{CapturedDay, Gap, LoggedPing, Ping, PingOutcome, PingRefusal, PingTarget};
use stint_domain::ledger::ports::time_entry::{NewTimeEntry, RecordRefusal, RecordTime, RecordTimeError};
use stint_domain::ledger::{JobName, JobStatus, Minutes};
use stint_domain::values::{DateStamp, JobId, PingId, Timestamp, TokenId, Zone};

pub(crate) use self::around::Around;
pub(crate) use self::days::{Day, Summary};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::project::Aim;
pub(crate) use self::project::{Meant, Named, ProjectKey, Projects, named_beside, wanting};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::reach::Reach;
pub(crate) use self::retract::Retraction;
pub(crate) use self::stream::{Mark, Point, Stream};
use self::stream::{Neighbours, Shift};
use crate::ledger::Ledger;

/// A ping and its job. The job is `None` when the ping's project has no job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aimed<'a> {
    pub(crate) ping: &'a Ping,
    pub(crate) job: Option<JobId>,
}

/// Captured data: all of it, or what some pings concern.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captured {
    /// The outcomes of logged pings.
    pub(crate) outcomes: HashMap<PingId, PingOutcome>,
    /// The points that count.
    pub(crate) streams: HashMap<TokenId, Stream>,
    /// The time of the streams, by job and day.
    pub(crate) days: BTreeMap<CapturedDay, Day>,
}

/// The result of logging, beside the changes of the ledger.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    /// The outcome of each ping.
    pub(crate) outcomes: Vec<PingOutcome>,
    /// The pings that were new.
    pub(crate) new: Vec<NewPing>,
    /// The days that are new or changed.
    pub(crate) days: BTreeSet<CapturedDay>,
    /// Earlier pings whose mark is removed (see [`Mark::anew`]).
    pub(crate) unmarked: BTreeSet<PingId>,
}

/// A new ping, with the fields that are stored but not shown.
#[derive(Debug, Clone)]
pub(crate) struct NewPing {
    pub(crate) ping: LoggedPing,
    /// The local day of its time.
    pub(crate) day: DateStamp,
    /// The project that it named.
    pub(crate) project: Option<JobName>,
    /// See [`Mark::anew`].
    pub(crate) anew: bool,
}

impl Ledger {
    /// Logs the pings, including the refused ones. A failure may leave half of the work done.
    pub(crate) fn log(
        &mut self,
        captured: &mut Captured,
        pings: &[Aimed<'_>],
        around: &Around,
        at: Timestamp,
    ) -> Result<Logged, BackendError> {
        let (mut logged, mut subjects) = (Logged::default(), HashMap::new());
        logged.days = self.note(captured, around);
        for aimed in pings {
            let ping = aimed.ping;
            if let Some(outcome) = captured.outcomes.get(&ping.id) {
                logged.outcomes.push(*outcome);
                continue;
            }
            let (day, mut anew) = (ping.zone.day_of(ping.at), false);
            let outcome = match (self.target(aimed.job), ping.minutes) {
                (Err(refusal), _) => PingOutcome::Ignored(refusal),
                (Ok(job), Some(minutes)) => self.log_minutes(ping, job, day, minutes, at)?,
                (Ok(job), None) => {
                    let day = CapturedDay { job, token: ping.token, date: day };
                    match self.add(captured, ping, day, &mut logged) {
                        Ok(mark) => {
                            anew = mark.anew;
                            subjects.insert(ping.token, &ping.subject);
                            PingOutcome::Logged(day.entry_id())
                        }
                        Err(refusal) => PingOutcome::Ignored(refusal),
                    }
                }
            };
            captured.outcomes.insert(ping.id, outcome);
            logged.outcomes.push(outcome);
            logged.new.push(NewPing { ping: logged_ping(*aimed, outcome, at), day, project: named(ping), anew });
        }
        for new in &mut logged.new {
            new.anew &= !logged.unmarked.remove(&new.ping.id);
        }
        for day in &logged.days {
            if let Some(subject) = subjects.get(&day.token) {
                self.derive(captured, *day, subject, at)?;
            }
        }
        Ok(logged)
    }

    /// Fails when the job does not exist or is archived.
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
            // The job was checked before, and there is no key.
            Err(error @ (RecordTimeError::Refused(_) | RecordTimeError::KeyReused)) => Err(self.internal(error)),
        }
    }

    /// Adds a point to its stream, and its time to the days. When a closed day stands in the way, it returns that day
    /// and changes nothing.
    fn add(
        &self,
        captured: &mut Captured,
        ping: &Ping,
        day: CapturedDay,
        logged: &mut Logged,
    ) -> Result<Mark, PingRefusal> {
        if captured.is_detached(day) {
            return Err(PingRefusal::EntryDetached);
        }
        let point = (ping.at, ping.id);
        let neighbours = captured.neighbours(ping.token, point, ping.gap);
        let mut mark = Mark { job: day.job, anew: neighbours.begin_anew() };
        let mut shifts = neighbours.shifts(mark);
        for shift in shifts.iter().filter(|shift| shift.job != day.job) {
            let open = self.target(Some(shift.job));
            if shift.sign < 0 {
                open?;
                if captured.detached_in(ping.token, shift, ping.zone).is_some() {
                    return Err(PingRefusal::EntryDetached);
                }
            } else {
                // Only the time before the point is dropped. It does not come back when its job is opened again.
                mark.anew = open.is_err();
            }
        }
        if mark.anew {
            shifts.retain(|shift| shift.job == day.job);
        }
        for shift in &shifts {
            captured.apply(ping.token, shift, ping.zone, &mut logged.days);
        }
        if let Some(after) = neighbours.anew_after() {
            captured.set_anew(ping.token, after, false);
            logged.unmarked.insert(after.1);
        }
        captured.streams.entry(ping.token).or_default().insert(point, mark);
        captured.days.entry(day).or_default().tell(point, ping.summary.as_ref());
        logged.days.insert(day);
        Ok(mark)
    }
}

impl Captured {
    /// The points before and after this one in its stream.
    fn neighbours(&self, token: TokenId, point: Point, gap: Gap) -> Neighbours {
        Neighbours::of(self.streams.get(&token), point, gap)
    }

    fn set_anew(&mut self, token: TokenId, point: Point, anew: bool) {
        if let Some(mark) = self.streams.get_mut(&token).and_then(|stream| stream.get_mut(&point)) {
            mark.anew = anew;
        }
    }

    fn is_detached(&self, day: CapturedDay) -> bool {
        self.days.get(&day).is_some_and(|day| day.detached)
    }

    /// A day in the shift whose entry is somebody else's.
    fn detached_in(&self, token: TokenId, shift: &Shift, zone: Zone) -> Option<CapturedDay> {
        shift.days(token, zone).map(|(day, _)| day).find(|day| self.is_detached(*day))
    }

    /// Applies a shift to the days, which must not be detached.
    fn apply(&mut self, token: TokenId, shift: &Shift, zone: Zone, touched: &mut BTreeSet<CapturedDay>) {
        for (day, micros) in shift.days(token, zone) {
            let state = self.days.entry(day).or_default();
            if !state.detached {
                // Negative only if the zone's rules were amended since.
                state.micros = (state.micros + shift.sign * micros).max(0);
                touched.insert(day);
            }
        }
    }
}

/// When each token was last used.
pub(crate) fn last_use(pings: &[Ping]) -> BTreeMap<TokenId, Timestamp> {
    let mut last = BTreeMap::new();
    for ping in pings {
        let at = last.entry(ping.token).or_insert(ping.received_at);
        *at = (*at).max(ping.received_at);
    }
    last
}

/// The project that the ping named.
fn named(ping: &Ping) -> Option<JobName> {
    match &ping.target {
        PingTarget::Job(_) => None,
        PingTarget::Project { project, .. } => project.named().cloned(),
    }
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
