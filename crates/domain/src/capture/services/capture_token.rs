//! Use cases on tokens that capture, for API consumers. Other tokens are the operator's alone.
//!
//! A token speaks for whoever made it, remembers the token that this was, and counts for what was said then: none of
//! that ever changes.

use std::sync::Arc;

use thiserror::Error;

use crate::access::ports::token::{
    CreateTokenError, ListCapturing, Made, RevokeToken, RevokeTokenError, TokenChanges, TokenCursor, UpdateToken,
    UpdateTokenError,
};
use crate::access::ports::{Secrets, TokenRepository};
use crate::access::services::{CapturingTokenDraft, TokenService};
use crate::access::{Principal, Scope, Token, TokenName, TokenSecret};
use crate::capture::{CaptureRule, CaptureTarget, Gap};
use crate::ledger::ports::JobRepository;
use crate::page::Page;
use crate::values::{JobId, Timestamp, TokenId, Zone};
use crate::{BackendError, Clock, IdGenerator, ServiceError};

/// What a caller says of a token that captures. Whom it speaks for is the principal's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureTokenDraft {
    /// What people call it.
    pub name: TokenName,
    /// Whose midnight divides the days.
    pub zone: Zone,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// Why something was not done with a job's tokens.
#[derive(Debug, Clone, Error)]
pub enum JobOfTokenError {
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The token was not created.
    #[error(transparent)]
    Create(CreateTokenError),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Use cases on tokens that capture: `read` to see, `write` to make, change and revoke. To others than these tokens they
/// are blind.
#[derive(Clone)]
pub struct CaptureTokenService {
    tokens: Arc<dyn TokenRepository>,
    jobs: Arc<dyn JobRepository>,
    clock: Arc<dyn Clock>,
    creator: TokenService,
    gap: Gap,
}

impl CaptureTokenService {
    /// A service over these ports; new tokens get the gap.
    pub fn new(
        tokens: Arc<dyn TokenRepository>,
        jobs: Arc<dyn JobRepository>,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        gap: Gap,
    ) -> Self {
        let creator = TokenService::new(tokens.clone(), secrets, clock.clone(), ids);
        Self { tokens, jobs, clock, creator, gap }
    }

    /// Creates a token whose pings count for this job, open or archived. The secret is given here, once.
    pub async fn create_for_job(
        &self,
        principal: &Principal,
        job: JobId,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), ServiceError<JobOfTokenError>> {
        principal.require(Scope::Write).map_err(ServiceError::Forbidden)?;
        self.require_job(job).await?;
        let created = self.create(principal, CaptureTarget::Job(job), draft).await;
        created.map_err(|error| ServiceError::Port(JobOfTokenError::Create(error)))
    }

    /// Creates a token whose pings count for the jobs that their projects stand for. The secret is given here, once.
    pub async fn create_for_projects(
        &self,
        principal: &Principal,
        create: bool,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), ServiceError<CreateTokenError>> {
        principal.require(Scope::Write).map_err(ServiceError::Forbidden)?;
        self.create(principal, CaptureTarget::Projects { create }, draft).await.map_err(ServiceError::Port)
    }

    /// A page of tokens that capture, latest first, revoked and expired ones too.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListCapturing,
    ) -> Result<Page<Token, TokenCursor>, ServiceError<BackendError>> {
        principal.require(Scope::Read).map_err(ServiceError::Forbidden)?;
        self.tokens.list_capturing(query).await.map_err(ServiceError::Port)
    }

    /// A page of one job's tokens, where an empty page and a job that does not exist are told apart.
    pub async fn list_of_job(
        &self,
        principal: &Principal,
        job: JobId,
        query: ListCapturing,
    ) -> Result<Page<Token, TokenCursor>, ServiceError<JobOfTokenError>> {
        let query = ListCapturing { related_job: Some(job), ..query };
        let page = self.list(principal, query).await.map_err(|error| error.map(JobOfTokenError::Backend))?;
        if page.items.is_empty() {
            self.require_job(job).await?;
        }
        Ok(page)
    }

    /// The token, if there is one and it captures.
    pub async fn find(&self, principal: &Principal, id: TokenId) -> Result<Option<Token>, ServiceError<BackendError>> {
        principal.require(Scope::Read).map_err(ServiceError::Forbidden)?;
        self.capturing(id).await.map_err(ServiceError::Port)
    }

    /// Changes the fields that are named.
    pub async fn update(
        &self,
        principal: &Principal,
        id: TokenId,
        changes: TokenChanges,
    ) -> Result<Token, ServiceError<UpdateTokenError>> {
        principal.require(Scope::Write).map_err(ServiceError::Forbidden)?;
        match self.capturing(id).await.map_err(|error| ServiceError::Port(error.into()))? {
            Some(_) => self.tokens.update(UpdateToken { id, changes }).await.map_err(ServiceError::Port),
            None => Err(ServiceError::Port(UpdateTokenError::NotFound(id))),
        }
    }

    /// Revokes the token: within 5 seconds no instance takes it any more. Again has no effect.
    pub async fn revoke(&self, principal: &Principal, id: TokenId) -> Result<Token, ServiceError<RevokeTokenError>> {
        principal.require(Scope::Write).map_err(ServiceError::Forbidden)?;
        match self.capturing(id).await.map_err(|error| ServiceError::Port(error.into()))? {
            Some(_) => {
                // Tokens that capture make none.
                let command = RevokeToken { id, at: self.clock.now(), made: Made::Keep };
                self.tokens.revoke(command).await.map(|revoked| revoked.token).map_err(ServiceError::Port)
            }
            None => Err(ServiceError::Port(RevokeTokenError::NotFound(id))),
        }
    }

    async fn create(
        &self,
        principal: &Principal,
        target: CaptureTarget,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), CreateTokenError> {
        let draft = CapturingTokenDraft {
            name: draft.name,
            subject: Some(principal.subject.clone()),
            rule: CaptureRule { target, zone: draft.zone, gap: self.gap },
            expires_at: draft.expires_at,
            made_by: Some(principal.token),
        };
        self.creator.create_capturing(draft).await
    }

    async fn capturing(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        Ok(self.tokens.find(id).await?.filter(|token| token.capture.is_some()))
    }

    async fn require_job(&self, id: JobId) -> Result<(), ServiceError<JobOfTokenError>> {
        match self.jobs.find(id).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(ServiceError::Port(JobOfTokenError::JobNotFound(id))),
            Err(error) => Err(ServiceError::Port(error.into())),
        }
    }
}

#[cfg(test)]
mod tests;
