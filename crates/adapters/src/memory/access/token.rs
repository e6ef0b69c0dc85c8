//! Tokens in memory.

use async_trait::async_trait;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor, UpdateToken,
};
use stint_domain::access::{SecretHash, Token};
use stint_domain::capture::CaptureTarget;
use stint_domain::values::TokenId;
use stint_domain::{BackendError, BackendErrorKind, Page};

use crate::memory::state::latest_first;
use crate::memory::{BACKEND, Memory};

#[async_trait]
impl TokenRepository for Memory {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        let mut tokens = self.tokens();
        let is_usable = |id: TokenId| tokens.iter().any(|other| other.id == id && other.revoked_at.is_none());
        if let Some(maker) = token.made_by.filter(|maker| !is_usable(*maker)) {
            return Err(CreateTokenError::MakerRevoked(maker));
        }
        if tokens.iter().any(|other| other.id == token.id || other.secret_hash == token.secret_hash) {
            let refusal = format!("the id or the hash of the token {} is taken", token.id);
            return Err(BackendError::new(BACKEND, BackendErrorKind::Internal, refusal).into());
        }
        tokens.push(token);
        Ok(())
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        let RevokeToken { id, at, made } = command;
        let mut tokens = self.tokens();
        let token = tokens.iter_mut().find(|token| token.id == id).ok_or(ChangeTokenError::NotFound(id))?;
        token.revoked_at.get_or_insert(at);
        let mut revoked = Revoked { token: token.clone(), made: 0 };
        if made == Made::Revoke {
            for token in tokens.iter_mut().filter(|token| token.made_by == Some(id) && token.revoked_at.is_none()) {
                token.revoked_at = Some(at);
                revoked.made += 1;
            }
        }
        Ok(revoked)
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        let UpdateToken { id, changes } = command;
        let mut tokens = self.tokens();
        let token = tokens.iter_mut().find(|token| token.id == id).ok_or(ChangeTokenError::NotFound(id))?;
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

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        let wanted = |token: &&Token| query.after.is_none_or(|after| TokenCursor::from(*token) > after);
        let mut found: Vec<Token> = self.tokens().iter().filter(wanted).cloned().collect();
        found.sort_by_key(|token| TokenCursor::from(token));
        Ok(Page::of(found, query.size, |token| TokenCursor::from(token)))
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        let wanted = |token: &Token| {
            token.capture.is_some_and(|rule| query.related_job.is_none_or(|job| rule.target == CaptureTarget::Job(job)))
        };
        Ok(latest_first(self.tokens().iter().filter(|token| wanted(token)), query.after, query.size))
    }
}
