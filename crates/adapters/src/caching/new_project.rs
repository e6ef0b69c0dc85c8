//! A cache of admitted projects, for one day each.

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use stint_domain::BackendError;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;
use stint_domain::values::{DateStamp, TokenId};

/// Answers [`NewProjects::admit`] from memory when all projects were admitted for the token on this day before, so
/// that their pings wait for no database.
///
/// An admission is valid for its day. The cache can hide one thing: a project whose job was deleted in the meantime.
/// The next ping then has another job created, which does not count. A project that is not admitted is asked for
/// again each time.
pub struct CachedProjects {
    inner: Arc<dyn NewProjects>,
    admitted: Cache<(TokenId, DateStamp, JobName), ()>,
}

impl CachedProjects {
    /// The most projects in the cache. Beyond it, the least used ones are dropped.
    pub const CAPACITY: usize = 10_000;

    /// Caches what `inner` admits.
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
