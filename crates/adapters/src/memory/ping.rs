//! Pings in memory. What they come to is [`crate::ledger`]'s business.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use stint_domain::ports::ping::{
    CapturedTime, ListPings, LogPings, PingCursor, PingStatus, RetractPing, RetractPingError,
};
use stint_domain::ports::{BackendError, PingRepository};
use stint_domain::values::{DateStamp, JobId, PingId, Timestamp, TokenId};
use stint_domain::{JobStatus, LoggedPing, Page, PingOutcome};

use super::{BACKEND, Memory};
use crate::ledger::Ledger;
use crate::ledger::capture::{Around, Captured, ProjectKey, Projects, Retraction, Summary, last_use, projects};

/// All of capture.
#[derive(Default)]
pub(super) struct Capture {
    captured: Captured,
    pings: BTreeMap<PingId, (LoggedPing, DateStamp)>,
    projects: HashMap<ProjectKey, JobId>,
}

#[async_trait]
impl PingRepository for Memory {
    async fn log(&self, LogPings { pings, at }: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        let (mut ledger, mut capture) = (self.ledger(), self.capture());
        let is_known = |id| capture.pings.contains_key(&id);
        let asked = projects(&pings, is_known);
        let aim = capture.known(&ledger, &asked).aim(&pings, is_known, at);
        capture.projects.extend(aim.assigned.iter().cloned());
        ledger.jobs.extend(aim.created.iter().map(|job| (job.id, job.clone())));
        let aimed = aim.at(&pings);
        let logged = ledger.log(&mut capture.captured, &aimed, &Around::of(&aimed), at)?;
        capture.pings.extend(logged.new.into_iter().map(|(ping, day)| (ping.id, (ping, day))));
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
        let (ping, _) = pings.get(&id).ok_or(RetractPingError::NotFound(id))?;
        if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
            let tokens = self.tokens();
            let token = tokens.iter().find(|token| token.id == ping.token);
            let retraction = Retraction::of(BACKEND, ping, job, token)?;
            let earlier = latest_summary(pings, &retraction);
            ledger.retract(captured, &retraction, &retraction.around(), earlier, at)?;
        }
        captured.outcomes.insert(id, PingOutcome::Retracted);
        if let Some((ping, _)) = pings.get_mut(&id) {
            ping.outcome = PingOutcome::Retracted;
        }
        Ok(())
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        Ok(self.capture().pings.get(&id).map(|(ping, _)| ping.clone()))
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        let place = |ping: &LoggedPing| (Reverse(ping.received_at), Reverse(ping.id));
        let wanted = |ping: &&LoggedPing| {
            query.token.is_none_or(|token| ping.token == token)
                && query.related_job.is_none_or(|job| ping.related_job == Some(job))
                && query.status.is_none_or(|status| PingStatus::from(&ping.outcome) == status)
                && query.after.is_none_or(|after| place(ping) > (Reverse(after.received_at), Reverse(after.id)))
        };
        let capture = self.capture();
        let mut pings: Vec<_> = capture.pings.values().map(|(ping, _)| ping).filter(wanted).cloned().collect();
        pings.sort_by_key(place);
        Ok(Page::of(pings, query.size, |ping| ping.into()))
    }

    async fn captured_on(&self, token: TokenId, day: DateStamp) -> Result<CapturedTime, BackendError> {
        let capture = self.capture();
        let days = capture.captured.days.iter().filter(|((stream, date), _)| (stream.token, *date) == (token, day));
        Ok(CapturedTime { micros: days.map(|(_, day)| day.micros.unsigned_abs()).sum() })
    }
}

impl Capture {
    /// Forgets pings whose time and arrival are before this moment, and tells how many. Their days stay.
    pub(super) fn forget(&mut self, before: Timestamp) -> u64 {
        let all = self.pings.len();
        self.pings.retain(|id, (ping, _)| {
            let is_kept = ping.at >= before || ping.received_at >= before;
            if !is_kept {
                self.captured.outcomes.remove(id);
                for points in self.captured.points.values_mut() {
                    points.remove(&(ping.at, *id));
                }
            }
            is_kept
        });
        (all - self.pings.len()) as u64
    }

    /// What these projects stand for, or could.
    fn known(&self, ledger: &Ledger, asked: &HashSet<ProjectKey>) -> Projects {
        let mut projects = Projects::default();
        for (key, job) in asked.iter().filter_map(|key| Some((key, self.projects.get(key)?))) {
            if ledger.jobs.contains_key(job) {
                projects.known.insert(key.clone(), *job);
            }
        }
        for (_, name) in asked {
            let open = ledger.jobs.values().filter(|job| job.name == *name && job.status == JobStatus::Open);
            if let Some(job) = open.min_by_key(|job| (job.created_at, job.id)) {
                projects.named.insert(name.clone(), job.id);
            }
        }
        projects
    }
}

/// The latest summary of the ping's day that another one has.
fn latest_summary(pings: &BTreeMap<PingId, (LoggedPing, DateStamp)>, retraction: &Retraction<'_>) -> Option<Summary> {
    let (stream, day) = retraction.day();
    let others = pings.values().filter(|(ping, date)| {
        *date == day
            && ping.id != retraction.ping.id
            && (ping.related_job, ping.token) == (Some(stream.job), stream.token)
            && ping.minutes.is_none()
            && matches!(ping.outcome, PingOutcome::Logged(_))
    });
    let summaries =
        others.filter_map(|(ping, _)| Some(Summary { of: (ping.at, ping.id), text: ping.summary.clone()? }));
    summaries.max_by_key(|summary| summary.of)
}
