//! Projects that were admitted, remembered for the day.

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use stint_domain::BackendError;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;
use stint_domain::values::{DateStamp, TokenId};

/// Answers [`NewProjects::admit`] from memory where all projects were admitted for the token on this day before, so that a
/// ping whose project is known waits for no database.
///
/// An admission stays one for its day. The one thing that it may hide is a project whose job was deleted meanwhile: the
/// next ping has another one made, and that counts for nothing. What is not admitted is asked for again each time.
pub struct CachedProjects {
    inner: Arc<dyn NewProjects>,
    admitted: Cache<(TokenId, DateStamp, JobName), ()>,
}

impl CachedProjects {
    /// The most projects that are remembered; the least used ones make room.
    pub const CAPACITY: usize = 10_000;

    /// Remembers what `inner` admits.
    pub fn new(inner: Arc<dyn NewProjects>) -> Self {
        Self { inner, admitted: Cache::new(Self::CAPACITY) }
    }
}

#[async_trait]
impl NewProjects for CachedProjects {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        let keys: Vec<_> =
            command.projects.iter().map(|project| (command.token, command.day, project.clone())).collect();
        if keys.iter().all(|key| self.admitted.get(key).is_some()) {
            return Ok(vec![true; keys.len()]);
        }
        let admitted = self.inner.admit(command).await?;
        for (key, _) in keys.into_iter().zip(&admitted).filter(|(_, admitted)| **admitted) {
            self.admitted.insert(key, ());
        }
        Ok(admitted)
    }
}
