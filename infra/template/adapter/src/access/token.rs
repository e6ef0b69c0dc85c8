//! Tokens. This storage has no people, so each token is nobody's.

use std::cmp::Reverse;

use async_trait::async_trait;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor,
    TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Token, TokenKind};
use stint_domain::capture::CaptureTarget;
use stint_domain::values::TokenId;
use stint_domain::{BackendError, Page};

use crate::Store;
use crate::store::internal;

#[async_trait]
impl TokenRepository for Store {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.write(|state| {
            let is_usable = |id: &TokenId| state.tokens.get(id).is_some_and(|token| token.revoked_at.is_none());
            if let Some(maker) = token.made_by.filter(|maker| !is_usable(maker)) {
                return Err(CreateTokenError::MakerRevoked(maker));
            }
            if let Some(person) = token.person {
                return Err(CreateTokenError::PersonInactive(person));
            }
            if state.tokens.values().any(|other| other.id == token.id || other.secret_hash == token.secret_hash) {
                return Err(internal(format!("the id or the hash of the token {} is taken", token.id)).into());
            }
            state.tokens.insert(token.id, token);
            Ok(())
        })
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        let RevokeToken { id, at, made } = command;
        self.write(|state| {
            let token = state.tokens.get_mut(&id).ok_or(ChangeTokenError::NotFound(id))?;
            token.revoked_at.get_or_insert(at);
            let token = token.clone();
            let goes_along = |token: &&mut Token| token.made_by == Some(id) && token.revoked_at.is_none();
            let along = state.tokens.values_mut().filter(|_| made == Made::Revoke).filter(goes_along);
            let made = along.map(|token| token.revoked_at = Some(at)).count() as u64;
            Ok(Revoked { token, made })
        })
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        let UpdateToken { id, changes } = command;
        self.write(|state| {
            let token = state.tokens.get_mut(&id).ok_or(ChangeTokenError::NotFound(id))?;
            if let Some(name) = changes.name {
                token.name = name;
            }
            if let Some(expiry) = changes.expiry {
                token.expires_at = expiry.moment();
            }
            Ok(token.clone())
        })
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        Ok(self.read().tokens.get(&id).cloned())
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        let token = self.read().tokens.values().find(|token| token.secret_hash == hash).cloned();
        Ok(token.map(|token| KnownToken { token, standing: None }))
    }

    async fn touch(&self, command: TouchSession) -> Result<(), BackendError> {
        let TouchSession { id, at, expires_at } = command;
        self.write(|state| {
            let is_open = |token: &&mut Token| token.kind == TokenKind::Session && token.revoked_at.is_none();
            let session = state.tokens.get_mut(&id).filter(is_open);
            if let Some(session) = session.filter(|session| session.last_used_at.is_none_or(|last| last <= at)) {
                (session.last_used_at, session.expires_at) = (Some(at), Some(expires_at));
            }
            Ok(())
        })
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        let ListTokens { kind, person, size, after } = query;
        let mut tokens: Vec<Token> = self.read().tokens.values().cloned().collect();
        tokens.retain(|token| kind.is_none_or(|kind| token.kind == kind));
        tokens.retain(|token| person.is_none_or(|person| token.person == Some(person)));
        tokens.retain(|token| after.is_none_or(|after| (token.created_at, token.id) > (after.created_at, after.id)));
        tokens.sort_by_key(|token| (token.created_at, token.id));
        Ok(Page::of(tokens, size, |token| token.into()))
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        let ListCapturing { related_job, subject, size, after } = query;
        let counts_for = |target| related_job.is_none_or(|job| target == CaptureTarget::Job(job));
        let mut tokens: Vec<Token> = self.read().tokens.values().cloned().collect();
        tokens.retain(|token| token.capture.is_some_and(|rule| counts_for(rule.target)));
        tokens.retain(|token| subject.as_ref().is_none_or(|subject| token.subject == *subject));
        tokens.retain(|token| after.is_none_or(|after| (token.created_at, token.id) < (after.created_at, after.id)));
        tokens.sort_by_key(|token| Reverse((token.created_at, token.id)));
        Ok(Page::of(tokens, size, |token| token.into()))
    }
}
