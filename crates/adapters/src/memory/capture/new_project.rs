//! Counted projects in memory.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;

use crate::capture::new_project::AskedProjects;
use crate::memory::Memory;

#[async_trait]
impl NewProjects for Memory {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        let with_job = self.with_job(&command.subject, &command.projects);
        let mut counted = self.new_projects();
        let days = counted.entry(command.token).or_default();
        // A command for an earlier day may come late; it leaves the counts of later days.
        days.retain(|day, _| *day >= command.day);
        let of_day = days.entry(command.day).or_default();
        let admission = AskedProjects { with_job, counted: of_day.clone() }.admit(&command);
        of_day.extend(admission.new);
        Ok(admission.admitted)
    }
}
