//! Counted projects in memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use stint_domain::ports::new_project::AdmitProjects;
use stint_domain::ports::{BackendError, NewProjects};
use stint_domain::values::{DateStamp, JobName, TokenId};

use super::Memory;
use crate::ledger::new_project::Known;

/// What was counted for each token on its latest days.
pub(super) type Counted = HashMap<TokenId, BTreeMap<DateStamp, HashSet<JobName>>>;

#[async_trait]
impl NewProjects for Memory {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        let standing = self.standing(&command.subject, &command.projects);
        let mut counted = self.new_projects();
        let days = counted.entry(command.token).or_default();
        // One of an earlier day may come late: later days' counts stay.
        days.retain(|day, _| *day >= command.day);
        let of_day = days.entry(command.day).or_default();
        let admission = Known { standing, counted: of_day.clone() }.admit(&command);
        of_day.extend(admission.new);
        Ok(admission.admitted)
    }
}
