//! Use cases on capture tokens, for API consumers. Only operators manage other tokens.
//!
//! A capture token speaks for its maker's subject, and stores its maker's id and its rule. None of these ever
//! changes.

use std::sync::Arc;

use thiserror::Error;

use crate::access::ports::token::{
    ChangeTokenError, CreateTokenError, ListCapturing, Made, TokenChanges, TokenCursor, UpdateToken,
};
use crate::access::ports::{AccessPorts, TokenRepository};
use crate::access::services::{Grant, TokenDraft, TokenService};
use crate::access::{Principal, Scope, Token, TokenName, TokenSecret};
use crate::capture::{CaptureRule, CaptureTarget, Gap};
use crate::ledger::ports::{JobRepository, LedgerPorts};
use crate::page::Page;
use crate::values::{JobId, Subject, Timestamp, TokenId, Zone};
use crate::{BackendError, ServiceError, Sources};

/// The caller's input for a new capture token. Its subject is the principal's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureTokenDraft {
    /// The name that people give it.
    pub name: TokenName,
    /// The time zone whose midnight divides the days.
    pub zone: Zone,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
}

/// Why a request about the tokens of a job failed.
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

/// Use cases on capture tokens: `read` allows to see them, `write` to create, change and revoke them, and `own` both for
/// those that speak for one's own subject, but none that creates jobs. Other tokens do not exist for this service.
#[derive(Clone)]
pub struct CaptureTokenService {
    tokens: Arc<dyn TokenRepository>,
    jobs: Arc<dyn JobRepository>,
    all: TokenService,
    gap: Gap,
}

impl CaptureTokenService {
    /// A service over these ports. New tokens get this gap.
    pub fn new(access: &AccessPorts, ledger: &LedgerPorts, sources: &Sources, gap: Gap) -> Self {
        let all = TokenService::new(access, sources);
        Self { tokens: access.tokens.clone(), jobs: ledger.jobs.clone(), all, gap }
    }

    /// Creates a token whose pings count for this job, open or archived. Only this call returns the secret.
    pub async fn create_for_job(
        &self,
        principal: &Principal,
        job: JobId,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), ServiceError<JobOfTokenError>> {
        principal.writes()?;
        self.require_job(job).await?;
        let created = self.create(principal, CaptureTarget::Job(job), draft).await;
        created.map_err(|error| ServiceError::Port(JobOfTokenError::Create(error)))
    }

    /// Creates a token whose pings count for the jobs of their projects. Only this call returns the secret.
    pub async fn create_for_projects(
        &self,
        principal: &Principal,
        create: bool,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), ServiceError<CreateTokenError>> {
        if create {
            principal.require(Scope::Write)?;
        }
        principal.writes()?;
        self.create(principal, CaptureTarget::Projects { create }, draft).await.map_err(ServiceError::Port)
    }

    /// Lists capture tokens, latest first, including revoked and expired ones.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListCapturing,
    ) -> Result<Page<Token, TokenCursor>, ServiceError<BackendError>> {
        let query = match principal.reads()? {
            None => query,
            subject => ListCapturing { subject, ..query },
        };
        self.tokens.list_capturing(query).await.map_err(ServiceError::Port)
    }

    /// Lists one job's tokens. It fails when the job does not exist, so that an empty page always means a job without
    /// tokens.
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

    /// Finds the token, if it exists and is a capture token.
    pub async fn find(&self, principal: &Principal, id: TokenId) -> Result<Option<Token>, ServiceError<BackendError>> {
        let owner = principal.reads()?;
        self.capturing(owner.as_ref(), id).await.map_err(ServiceError::Port)
    }

    /// Changes the given fields.
    pub async fn update(
        &self,
        principal: &Principal,
        id: TokenId,
        changes: TokenChanges,
    ) -> Result<Token, ServiceError<ChangeTokenError>> {
        self.require_capturing(principal.writes()?.as_ref(), id).await?;
        self.tokens.update(UpdateToken { id, changes }).await.map_err(ServiceError::Port)
    }

    /// Revokes the token. Within 5 seconds no instance accepts it any more. Repeating this has no effect.
    pub async fn revoke(&self, principal: &Principal, id: TokenId) -> Result<Token, ServiceError<ChangeTokenError>> {
        self.require_capturing(principal.writes()?.as_ref(), id).await?;
        // Capture tokens make no tokens.
        self.all.revoke(id, Made::Keep).await.map(|revoked| revoked.token).map_err(ServiceError::Port)
    }

    async fn create(
        &self,
        principal: &Principal,
        target: CaptureTarget,
        draft: CaptureTokenDraft,
    ) -> Result<(Token, TokenSecret), CreateTokenError> {
        let draft = TokenDraft {
            name: draft.name,
            subject: Some(principal.subject.clone()),
            grant: Grant::Capture(CaptureRule { target, zone: draft.zone, gap: self.gap }),
            expires_at: draft.expires_at,
            person: principal.person,
            made_by: principal.maker(),
        };
        self.all.create(draft).await
    }

    /// The capture token with this id, if it speaks for the owner.
    async fn capturing(&self, owner: Option<&Subject>, id: TokenId) -> Result<Option<Token>, BackendError> {
        let is_owned = |token: &Token| owner.is_none_or(|owner| token.subject == *owner);
        Ok(self.tokens.find(id).await?.filter(|token| token.capture.is_some() && is_owned(token)))
    }

    async fn require_capturing(
        &self,
        owner: Option<&Subject>,
        id: TokenId,
    ) -> Result<(), ServiceError<ChangeTokenError>> {
        let found = self.capturing(owner, id).await.map_err(|error| ServiceError::Port(error.into()))?;
        found.map(drop).ok_or(ServiceError::Port(ChangeTokenError::NotFound(id)))
    }

    async fn require_job(&self, id: JobId) -> Result<(), ServiceError<JobOfTokenError>> {
        let found = self.jobs.find(id).await.map_err(|error| ServiceError::Port(error.into()))?;
        found.map(drop).ok_or(ServiceError::Port(JobOfTokenError::JobNotFound(id)))
    }
}

#[cfg(test)]
mod tests;
