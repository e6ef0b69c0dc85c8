//! Tokens in memory.

use async_trait::async_trait;
use stint_domain::ports::token::{ListCapturing, RevokeTokenError, TokenCursor, UpdateToken, UpdateTokenError};
use stint_domain::ports::{BackendError, BackendErrorKind, TokenRepository};
use stint_domain::values::{CaptureTarget, Timestamp, TokenId};
use stint_domain::{Page, SecretHash, Token};

use super::{BACKEND, Memory};

#[async_trait]
impl TokenRepository for Memory {
    async fn create(&self, token: Token) -> Result<(), BackendError> {
        let mut tokens = self.tokens();
        if tokens.iter().any(|other| other.id == token.id || other.secret_hash == token.secret_hash) {
            let refusal = format!("the id or the hash of the token {} is taken", token.id);
            return Err(BackendError::new(BACKEND, BackendErrorKind::Internal, refusal));
        }
        tokens.push(token);
        Ok(())
    }

    async fn revoke(&self, id: TokenId, at: Timestamp) -> Result<Token, RevokeTokenError> {
        let mut tokens = self.tokens();
        let token = tokens.iter_mut().find(|token| token.id == id).ok_or(RevokeTokenError::NotFound(id))?;
        token.revoked_at.get_or_insert(at);
        Ok(token.clone())
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError> {
        let UpdateToken { id, changes } = command;
        let mut tokens = self.tokens();
        let token = tokens.iter_mut().find(|token| token.id == id).ok_or(UpdateTokenError::NotFound(id))?;
        if let Some(name) = changes.name {
            token.name = name;
        }
        if let Some(expiry) = changes.expiry {
            token.expires_at = expiry.moment();
        }
        Ok(token.clone())
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        Ok(self.tokens().iter().find(|token| token.id == id).cloned())
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        Ok(self.tokens().iter().find(|token| token.secret_hash == hash).cloned())
    }

    async fn list(&self) -> Result<Vec<Token>, BackendError> {
        let mut tokens = self.tokens().clone();
        tokens.sort_by_key(|token| (token.created_at, token.id));
        Ok(tokens)
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        let wanted = |token: &Token| {
            token.capture.is_some_and(|rule| {
                query.related_job.is_none_or(|job| rule.target == CaptureTarget::Job(job))
                    && query.after.is_none_or(|after| (token.created_at, token.id) < (after.created_at, after.id))
            })
        };
        let mut found: Vec<Token> = self.tokens().iter().filter(|token| wanted(token)).cloned().collect();
        found.sort_by_key(|token| std::cmp::Reverse((token.created_at, token.id)));
        Ok(Page::of(found, query.size, |token| TokenCursor::from(token)))
    }
}
