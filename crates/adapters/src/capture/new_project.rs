//! Which projects are admitted: the port's rule, without a database.

use std::collections::HashSet;

use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;

/// What was read about the projects of a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskedProjects {
    /// The projects that have a job.
    pub(crate) with_job: HashSet<JobName>,
    /// All projects that were counted for the token on this day.
    pub(crate) counted: HashSet<JobName>,
}

/// The answer, and what must be stored for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Whether each project is admitted, in order.
    pub(crate) admitted: Vec<bool>,
    /// The projects to be counted.
    pub(crate) new: Vec<JobName>,
}

impl AskedProjects {
    /// Applies the rule.
    pub(crate) fn admit(&self, command: &AdmitProjects) -> Admission {
        let most = usize::try_from(command.most).unwrap_or(usize::MAX);
        let mut admission = Admission::default();
        for project in &command.projects {
            let is_old = self.with_job.contains(project) || self.counted.contains(project);
            let is_new = !is_old && self.counted.len() + admission.new.len() < most;
            if is_new {
                admission.new.push(project.clone());
            }
            admission.admitted.push(is_old || is_new);
        }
        admission
    }
}
