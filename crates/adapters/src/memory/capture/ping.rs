//! Pings in memory. [`crate::capture::counting`] decides what they do.

mod before;

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use stint_domain::capture::ports::PingRepository;
use stint_domain::capture::ports::ping::{
    CapturedTime, ListCaptured, ListPings, LogPings, PingCursor, PingStatus, RetractPing, RetractPingError,
};
use stint_domain::capture::{LoggedPing, Ping, PingOutcome};
use stint_domain::ledger::{JobName, JobStatus};
use stint_domain::values::{PingId, Subject, Timestamp, TokenId};
use stint_domain::{BackendError, Page};

use self::before::Before;
use crate::capture::counting::{
    Around, Mark, Meant, Named, NewPing, ProjectKey, Projects, Retraction, Summary, last_use, named_beside, wanting,
};
use crate::ledger::Ledger;
use crate::memory::state::{Capture, latest_first};
use crate::memory::{BACKEND, Memory};

#[async_trait]
impl PingRepository for Memory {
    async fn log(&self, LogPings { pings, at }: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        let (mut ledger, mut capture) = (self.ledger(), self.capture());
        let is_logged = |id| capture.pings.contains_key(&id);
        let last = wanting(&pings, is_logged).filter_map(|ping| Some((ping.id, capture.named_before(ping)?)));
        let beside = capture.candidates(&ledger, &named_beside(&pings, is_logged));
        let meant = Meant::of(&pings, is_logged, &last.collect(), &beside);
        let aim = capture.candidates(&ledger, &meant.projects()).aim(&pings, &meant, at);
        let aimed = aim.at(&pings);
        let around = Around::of(&aimed, &capture.captured);
        let before = Before::of(&ledger, &capture.captured, &around, pings.iter().map(|ping| ping.token));
        ledger.jobs.extend(aim.created.iter().map(|job| (job.id, job.clone())));
        let logged = match ledger.log(&mut capture.captured, &aimed, &around, at) {
            Ok(logged) => logged,
            Err(error) => {
                before.put_back(&mut ledger, &mut capture);
                return Err(error);
            }
        };
        capture.projects.extend(aim.assignments.iter().cloned());
        capture.mark(logged.unmarked, false);
        capture.pings.extend(logged.new.into_iter().map(|new| (new.ping.id, new)));
        let mut tokens = self.tokens();
        for (id, at) in last_use(&pings) {
            for token in tokens.iter_mut().filter(|token| token.id == id) {
                token.last_used_at = token.last_used_at.max(Some(at));
            }
        }
        Ok(logged.outcomes)
    }

    async fn retract(&self, RetractPing { id, at }: RetractPing) -> Result<(), RetractPingError> {
        let (mut ledger, mut capture) = (self.ledger(), self.capture());
        let Capture { captured, pings, .. } = &mut *capture;
        let NewPing { ping, anew, .. } = pings.get(&id).ok_or(RetractPingError::NotFound(id))?;
        if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
            let tokens = self.tokens();
            let token = tokens.iter().find(|token| token.id == ping.token);
            let retraction = Retraction::of(BACKEND, ping, Mark { job, anew: *anew }, token)?;
            let earlier = latest_summary(pings, &retraction);
            let around = retraction.around(captured);
            let before = Before::of(&ledger, captured, &around, [ping.token]);
            match ledger.retract(captured, &retraction, &around, earlier, at) {
                Ok(retracted) => capture.mark(retracted.marked, true),
                Err(error) => {
                    before.put_back(&mut ledger, &mut capture);
                    return Err(error);
                }
            }
        }
        let Capture { captured, pings, .. } = &mut *capture;
        captured.outcomes.insert(id, PingOutcome::Retracted);
        if let Some(new) = pings.get_mut(&id) {
            new.ping.outcome = PingOutcome::Retracted;
        }
        Ok(())
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        Ok(self.capture().pings.get(&id).map(|new| new.ping.clone()))
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        let capture = self.capture();
        let tokens = self.tokens();
        let speaks_for = |token: TokenId, subject: &Subject| {
            tokens.iter().any(|other| other.id == token && other.subject == *subject)
        };
        let wanted = |ping: &&LoggedPing| {
            query.token.is_none_or(|token| ping.token == token)
                && query.subject.as_ref().is_none_or(|subject| speaks_for(ping.token, subject))
                && query.related_job.is_none_or(|job| ping.related_job == Some(job))
                && query.status.is_none_or(|status| PingStatus::from(&ping.outcome) == status)
        };
        Ok(latest_first(capture.pings.values().map(|new| &new.ping).filter(wanted), query.after, query.size))
    }

    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        let (ledger, capture) = (self.ledger(), self.capture());
        let of_query = capture.captured.days.iter().filter(|(of, time)| {
            of.token == query.token && (query.from..=query.to).contains(&of.date) && time.micros > 0
        });
        let mut times: Vec<_> = of_query
            .map(|(of, time)| {
                let name = ledger.jobs.get(&of.job).map(|job| job.name.clone());
                CapturedTime { day: of.date, job: of.job, name, micros: time.micros.unsigned_abs() }
            })
            .collect();
        times.sort_by_key(|time| (time.day, time.job));
        Ok(times)
    }
}

impl Memory {
    /// Those of the projects that have a job.
    pub(in crate::memory) fn with_job(&self, subject: &Subject, projects: &[JobName]) -> HashSet<JobName> {
        let asked = projects.iter().map(|project| (subject.clone(), project.clone())).collect();
        let (ledger, capture) = (self.ledger(), self.capture());
        let Projects { assigned, named, .. } = capture.candidates(&ledger, &asked);
        assigned.into_keys().map(|(_, project)| project).chain(named.into_keys()).collect()
    }
}

impl Capture {
    fn mark(&mut self, of: impl IntoIterator<Item = PingId>, anew: bool) {
        for id in of {
            if let Some(new) = self.pings.get_mut(&id) {
                new.anew = anew;
            }
        }
    }

    /// Deletes pings whose time and arrival are before this moment, and returns how many. Their days stay.
    pub(in crate::memory) fn forget(&mut self, before: Timestamp) -> u64 {
        let all = self.pings.len();
        self.pings.retain(|id, NewPing { ping, .. }| {
            let is_kept = ping.at >= before || ping.received_at >= before;
            if !is_kept {
                self.captured.outcomes.remove(id);
                for stream in self.captured.streams.values_mut() {
                    stream.remove(&(ping.at, *id));
                }
            }
            is_kept
        });
        (all - self.pings.len()) as u64
    }

    /// The latest project that was named before this ping by one of its token that counts.
    fn named_before(&self, wanting: &Ping) -> Option<Named> {
        let logged = self.pings.values().filter(|NewPing { ping, .. }| {
            ping.token == wanting.token
                && matches!(ping.outcome, PingOutcome::Logged(_))
                && (ping.at, ping.id) < (wanting.at, wanting.id)
        });
        logged
            .filter_map(|NewPing { ping, project, .. }| Some(((ping.at, ping.id), project.clone()?)))
            .max_by_key(|(point, _)| *point)
    }

    /// The jobs that these projects have, or could get.
    fn candidates(&self, ledger: &Ledger, asked: &HashSet<ProjectKey>) -> Projects {
        let mut projects = Projects::default();
        for (subject, name) in asked {
            let forms: Vec<_> = name.forms().filter_map(|form| JobName::stored(&form).ok()).collect();
            let own = forms.iter().find_map(|form| {
                self.projects.get(&(subject.clone(), form.clone())).and_then(|job| ledger.jobs.get(job))
            });
            if let Some(job) = own {
                projects.assigned.insert((subject.clone(), name.clone()), job.id);
                projects.archived.extend((job.status == JobStatus::Archived).then_some(job.id));
            }
            let oldest = forms.iter().find_map(|form| {
                let open = ledger.jobs.values().filter(|job| job.name == *form && job.status == JobStatus::Open);
                open.min_by_key(|job| (job.created_at, job.id))
            });
            if let Some(job) = oldest {
                projects.named.insert(name.clone(), job.id);
            }
        }
        projects
    }
}

/// The latest summary of the ping's day from another ping.
fn latest_summary(pings: &BTreeMap<PingId, NewPing>, retraction: &Retraction<'_>) -> Option<Summary> {
    let day = retraction.day();
    let others = pings.values().filter(|new| {
        new.day == day.date
            && new.ping.id != retraction.ping.id
            && (new.ping.related_job, new.ping.token) == (Some(day.job), day.token)
            && new.ping.minutes.is_none()
            && matches!(new.ping.outcome, PingOutcome::Logged(_))
    });
    let summaries =
        others.filter_map(|new| Some(Summary { of: (new.ping.at, new.ping.id), text: new.ping.summary.clone()? }));
    summaries.max_by_key(|summary| summary.of)
}
