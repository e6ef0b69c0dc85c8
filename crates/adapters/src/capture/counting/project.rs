//! Finds the job of each project, and makes jobs for projects without one.
//!
//! A project keeps its job even when the job is renamed. A project that has no job, or whose job is gone, gets the
//! oldest open job of its name. Where there is none, a ping whose token may create jobs makes one. Pings are handled
//! in order, so their grouping does not matter. A ping that was logged before makes nothing.
//!
//! A ping that means its token's last project first gets that project's name ([`Meant`]), from the pings that were
//! logged before it or are logged with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use stint_domain::capture::{Ping, PingProject, PingTarget};
use stint_domain::ledger::{Job, JobName, JobStatus};
use stint_domain::values::{JobId, PingId, Subject, Timestamp};

use super::{Aimed, Point};

/// A subject and the name of one of its projects.
pub(crate) type ProjectKey = (Subject, JobName);

/// The jobs of projects.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// The projects' jobs. All of these jobs exist.
    pub(crate) assigned: HashMap<ProjectKey, JobId>,
    /// The oldest open job of each name, for projects without a job.
    pub(crate) named: HashMap<JobName, JobId>,
    /// Those of the jobs that are archived.
    pub(crate) archived: HashSet<JobId>,
}

/// The jobs of the pings, and what must be stored for them.
#[derive(Debug, Default)]
pub(crate) struct Aim {
    jobs: Vec<Option<JobId>>,
    /// Jobs to be made.
    pub(crate) created: Vec<Job>,
    /// New assignments of projects to jobs.
    pub(crate) assignments: Vec<(ProjectKey, JobId)>,
}

/// A project, and the ping that named it.
pub(crate) type Named = (Point, JobName);

/// The projects that pings mean, each with whether it gets a job if it has none. `None` for a ping that was logged
/// before or is bound to a job.
#[derive(Debug)]
pub(crate) struct Meant(Vec<Option<(ProjectKey, bool)>>);

/// The new pings that mean the last project that their token named.
pub(crate) fn wanting(pings: &[Ping], is_logged: impl Fn(PingId) -> bool) -> impl Iterator<Item = &Ping> {
    let is_wanting = |target: &PingTarget| {
        matches!(target, PingTarget::Project { project: PingProject::Unnamed { last: true, .. }, .. })
    };
    pings.iter().filter(move |ping| is_wanting(&ping.target) && !is_logged(ping.id))
}

/// The projects that other pings name beside any that is [`wanting`]. Whether these projects have a job decides
/// whether they count as named.
pub(crate) fn named_beside(pings: &[Ping], is_logged: impl Fn(PingId) -> bool + Copy) -> HashSet<ProjectKey> {
    if wanting(pings, is_logged).next().is_none() {
        return HashSet::new();
    }
    let name = |ping: &Ping| match &ping.target {
        PingTarget::Project { project, .. } => project.named().cloned(),
        PingTarget::Job(_) => None,
    };
    pings.iter().filter_map(|ping| Some((ping.subject.clone(), name(ping)?))).collect()
}

impl Meant {
    /// Finds out what the pings mean. `stored` has, for each ping that is [`wanting`], the latest project that was
    /// named before it by a ping of its token that counts. `beside` has the jobs of projects that are [`named_beside`] them.
    pub(crate) fn of(
        pings: &[Ping],
        is_logged: impl Fn(PingId) -> bool,
        stored: &HashMap<PingId, Named>,
        beside: &Projects,
    ) -> Self {
        let (mut seen, mut named, mut made) = (HashSet::new(), BTreeMap::new(), HashSet::new());
        let projects: Vec<_> = pings
            .iter()
            .map(|ping| match &ping.target {
                PingTarget::Project { project, create } if seen.insert(ping.id) && !is_logged(ping.id) => {
                    if let Some(name) = project.named() {
                        if *create {
                            made.insert(name);
                        }
                        // A ping that will be ignored names nothing.
                        if beside.take_time(&ping.subject, name, made.contains(name)) {
                            named.insert((ping.token, (ping.at, ping.id)), name);
                        }
                    }
                    Some((ping, project, *create))
                }
                _ => None,
            })
            .collect();
        let last = |ping: &Ping| {
            let place = (ping.token, (ping.at, ping.id));
            let here = named.range(..place).next_back().filter(|((token, _), _)| *token == ping.token);
            let here = here.map(|((_, point), name)| (*point, *name));
            let stored = stored.get(&ping.id).map(|(point, name)| (*point, name));
            here.into_iter().chain(stored).max_by_key(|(point, _)| *point).map(|(_, name)| name)
        };
        let name = |ping: &Ping, project: &PingProject| match project {
            PingProject::Named(name) => name.clone(),
            PingProject::Unnamed { last: true, fallback } => last(ping).unwrap_or(fallback).clone(),
            PingProject::Unnamed { last: false, fallback } => fallback.clone(),
        };
        let meant = |(ping, project, create): (&Ping, &PingProject, bool)| {
            ((ping.subject.clone(), name(ping, project)), create)
        };
        Self(projects.into_iter().map(|project| project.map(meant)).collect())
    }

    /// The projects that need a job.
    pub(crate) fn projects(&self) -> HashSet<ProjectKey> {
        self.0.iter().flatten().map(|(key, _)| key.clone()).collect()
    }
}

impl Projects {
    /// Whether the project has an open job, or gets one.
    fn take_time(&self, subject: &Subject, name: &JobName, create: bool) -> bool {
        match self.assigned.get(&(subject.clone(), name.clone())) {
            Some(job) => !self.archived.contains(job),
            None => create || self.named.contains_key(name),
        }
    }

    /// The names of projects without a job, in order.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn unknown<'a>(&self, asked: &'a HashSet<ProjectKey>) -> Vec<&'a JobName> {
        let unknown = asked.iter().filter(|key| !self.assigned.contains_key(key));
        let mut names: Vec<_> = unknown.map(|(_, name)| name).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        names.dedup();
        names
    }

    /// Finds the jobs of the pings.
    pub(crate) fn aim(mut self, pings: &[Ping], meant: &Meant, at: Timestamp) -> Aim {
        let mut aim = Aim::default();
        for (ping, meant) in pings.iter().zip(&meant.0) {
            let job = match (&ping.target, meant) {
                (PingTarget::Job(job), _) => Some(*job),
                (_, Some((key, create))) => self.job(ping, key, *create, at, &mut aim),
                _ => None,
            };
            aim.jobs.push(job);
        }
        aim
    }

    fn job(&mut self, ping: &Ping, key: &ProjectKey, create: bool, at: Timestamp, aim: &mut Aim) -> Option<JobId> {
        if let Some(job) = self.assigned.get(key) {
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
        self.assigned.insert(key.clone(), job);
        aim.assignments.push((key.clone(), job));
        Some(job)
    }
}

impl Aim {
    /// The pings with their jobs.
    pub(crate) fn at<'a>(&self, pings: &'a [Ping]) -> Vec<Aimed<'a>> {
        pings.iter().zip(&self.jobs).map(|(ping, job)| Aimed { ping, job: *job }).collect()
    }

    /// Whether the locked `jobs` still fit the pings' jobs. A project's job may have been deleted since, and a job
    /// that a project was given may have been archived.
    #[cfg(feature = "postgres")]
    pub(crate) fn still_holds(&self, pings: &[Ping], jobs: &BTreeMap<JobId, Job>) -> bool {
        let of_projects =
            pings.iter().zip(&self.jobs).filter(|(ping, _)| matches!(ping.target, PingTarget::Project { .. }));
        let is_there = of_projects.filter_map(|(_, job)| *job).all(|job| jobs.contains_key(&job));
        let is_open = |job: &JobId| jobs.get(job).is_some_and(|job| job.status == JobStatus::Open);
        is_there && self.assignments.iter().all(|(_, job)| is_open(job))
    }
}
