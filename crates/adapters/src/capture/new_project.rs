//! Which projects are admitted: the port's rule, without a database.

use std::collections::HashSet;

use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;

/// What is known of the projects that are asked about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Those that stand for a job.
    pub(crate) standing: HashSet<JobName>,
    /// All that were counted for the token on this day.
    pub(crate) counted: HashSet<JobName>,
}

/// Which projects are admitted, and what is to be counted for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Of each project, whether it is.
    pub(crate) admitted: Vec<bool>,
    /// Those to be counted.
    pub(crate) new: Vec<JobName>,
}

impl Known {
    /// What the rule says.
    pub(crate) fn admit(&self, command: &AdmitProjects) -> Admission {
        let most = usize::try_from(command.most).unwrap_or(usize::MAX);
        let mut admission = Admission::default();
        for project in &command.projects {
            let is_known = self.standing.contains(project) || self.counted.contains(project);
            let is_new = !is_known && self.counted.len() + admission.new.len() < most;
            if is_new {
                admission.new.push(project.clone());
            }
            admission.admitted.push(is_known || is_new);
        }
        admission
    }
}
