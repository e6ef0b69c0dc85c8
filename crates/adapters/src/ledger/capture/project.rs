//! Which job a project stands for, and which ones are made for projects that stand for none.
//!
//! A project keeps its job, whatever that is called later. One that stands for none, or whose job is gone, gets the oldest
//! open job of its name; where there is none, a ping whose token may create one makes it. Pings are looked at in
//! order, so that it does not matter how they are grouped. A ping that is known makes nothing.

#[cfg(feature = "postgres")]
use std::collections::BTreeMap;
use std::collections::{HashMap, HashSet};

use stint_domain::values::{JobId, JobName, PingId, Subject, Timestamp};
use stint_domain::{Job, JobStatus, Ping, PingTarget};

use super::Aimed;

/// A subject and what it calls a project.
pub(crate) type ProjectKey = (Subject, JobName);

/// What projects stand for.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// The jobs, all of them there, that projects stand for.
    pub(crate) known: HashMap<ProjectKey, JobId>,
    /// The oldest open job of each name that a project without a job has.
    pub(crate) named: HashMap<JobName, JobId>,
}

/// Where pings go, and what has to be written for it.
#[derive(Debug, Default)]
pub(crate) struct Aim {
    jobs: Vec<Option<JobId>>,
    /// Jobs to be made.
    pub(crate) created: Vec<Job>,
    /// Projects that stand for these jobs from now on.
    pub(crate) assigned: Vec<(ProjectKey, JobId)>,
}

/// The projects that pings name, but for those that are known.
pub(crate) fn projects(pings: &[Ping], is_known: impl Fn(PingId) -> bool) -> HashSet<ProjectKey> {
    let named = pings.iter().filter(|ping| !is_known(ping.id)).filter_map(key);
    named.map(|(key, _)| key).collect()
}

fn key(ping: &Ping) -> Option<(ProjectKey, bool)> {
    match &ping.target {
        PingTarget::Job(_) => None,
        PingTarget::Project { name, create } => Some(((ping.subject.clone(), name.clone()), *create)),
    }
}

impl Projects {
    /// The names of projects that stand for no job, in order.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn unknown<'a>(&self, asked: &'a HashSet<ProjectKey>) -> Vec<&'a JobName> {
        let unknown = asked.iter().filter(|key| !self.known.contains_key(key));
        let mut names: Vec<_> = unknown.map(|(_, name)| name).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        names.dedup();
        names
    }

    /// Finds out the pings' jobs.
    pub(crate) fn aim(mut self, pings: &[Ping], is_known: impl Fn(PingId) -> bool, at: Timestamp) -> Aim {
        let (mut aim, mut seen) = (Aim::default(), HashSet::new());
        for ping in pings {
            let is_new = seen.insert(ping.id) && !is_known(ping.id);
            let job = match (&ping.target, key(ping)) {
                (PingTarget::Job(job), _) => Some(*job),
                (_, Some((key, create))) if is_new => self.job(ping, key, create, at, &mut aim),
                _ => None,
            };
            aim.jobs.push(job);
        }
        aim
    }

    fn job(&mut self, ping: &Ping, key: ProjectKey, create: bool, at: Timestamp, aim: &mut Aim) -> Option<JobId> {
        if let Some(job) = self.known.get(&key) {
            return Some(*job);
        }
        let name = &key.1;
        let job = match self.named.get(name) {
            Some(job) => *job,
            None if create => {
                let job = Job::new(ping.new_job_id(name), name.clone(), JobStatus::Open, at);
                self.named.insert(name.clone(), job.id);
                aim.created.push(job.clone());
                job.id
            }
            None => return None,
        };
        self.known.insert(key.clone(), job);
        aim.assigned.push((key, job));
        Some(job)
    }
}

impl Aim {
    /// The pings with their jobs.
    pub(crate) fn at<'a>(&self, pings: &'a [Ping]) -> Vec<Aimed<'a>> {
        pings.iter().zip(&self.jobs).map(|(ping, job)| Aimed { ping, job: *job }).collect()
    }

    /// Whether the locked `jobs` are those that pings were aimed at: one that a project stood for may be gone since,
    /// and one that it was given may have been archived.
    #[cfg(feature = "postgres")]
    pub(crate) fn still_holds(&self, pings: &[Ping], jobs: &BTreeMap<JobId, Job>) -> bool {
        let of_projects =
            pings.iter().zip(&self.jobs).filter(|(ping, _)| matches!(ping.target, PingTarget::Project { .. }));
        let is_there = of_projects.filter_map(|(_, job)| *job).all(|job| jobs.contains_key(&job));
        let is_open = |job: &JobId| jobs.get(job).is_some_and(|job| job.status == JobStatus::Open);
        is_there && self.assigned.iter().all(|(_, job)| is_open(job))
    }
}
