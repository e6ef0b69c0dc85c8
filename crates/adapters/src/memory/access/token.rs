//! Tokens in memory.

use async_trait::async_trait;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor,
    TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Standing, Token, TokenKind};
use stint_domain::capture::{CaptureRule, CaptureTarget};
use stint_domain::people::Handle;
use stint_domain::people::ports::person::Account;
use stint_domain::values::{PersonId, TokenId};
use stint_domain::{BackendError, BackendErrorKind, Page};

use crate::memory::state::latest_first;
use crate::memory::{BACKEND, Memory};

#[async_trait]
impl TokenRepository for Memory {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        let (people, mut tokens) = (self.people(), self.tokens());
        let is_usable = |id: TokenId| tokens.iter().any(|other| other.id == id && other.revoked_at.is_none());
        if let Some(maker) = token.made_by.filter(|maker| !is_usable(*maker)) {
            return Err(CreateTokenError::MakerRevoked(maker));
        }
        if let Some(person) = token.person {
            if !standing(&people, person).is_some_and(|standing| standing.active) {
                return Err(CreateTokenError::PersonInactive(person));
            }
        } else {
            let subject = Handle::folded_subject(&token.subject);
            if people.iter().any(|account| account.person.handle.folded() == subject) {
                return Err(CreateTokenError::SubjectIsPersons(token.subject));
            }
        }
        free(&tokens, &token)?;
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

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        let (people, tokens) = (self.people(), self.tokens());
        let Some(token) = tokens.iter().find(|token| token.secret_hash == hash).cloned() else { return Ok(None) };
        let standing = token.person.and_then(|person| standing(&people, person));
        Ok(Some(KnownToken { token, standing }))
    }

    async fn touch(&self, TouchSession { id, at, expires_at }: TouchSession) -> Result<(), BackendError> {
        let mut tokens = self.tokens();
        let session = tokens.iter_mut().find(|token| token.id == id && token.kind == TokenKind::Session);
        let is_later = |token: &&mut Token| token.last_used_at.is_none_or(|last| last <= at);
        if let Some(session) = session.filter(|token| token.revoked_at.is_none()).filter(is_later) {
            session.last_used_at = Some(at);
            session.expires_at = Some(expires_at);
        }
        Ok(())
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        let wanted = |token: &&Token| {
            query.kind.is_none_or(|kind| token.kind == kind)
                && query.person.is_none_or(|person| token.person == Some(person))
                && query.after.is_none_or(|after| TokenCursor::from(*token) > after)
        };
        let mut found: Vec<Token> = self.tokens().iter().filter(wanted).cloned().collect();
        found.sort_by_key(|token| TokenCursor::from(token));
        Ok(Page::of(found, query.size, |token| TokenCursor::from(token)))
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        let wanted = |token: &Token| {
            let of_job = |rule: CaptureRule| query.related_job.is_none_or(|job| rule.target == CaptureTarget::Job(job));
            token.capture.is_some_and(of_job) && query.subject.as_ref().is_none_or(|subject| token.subject == *subject)
        };
        Ok(latest_first(self.tokens().iter().filter(|token| wanted(token)), query.after, query.size))
    }
}

fn standing(people: &[Account], person: PersonId) -> Option<Standing> {
    people.iter().find(|account| account.person.id == person).map(|account| account.person.standing())
}

/// Fails when another token has the id or the hash.
pub(in crate::memory) fn free(tokens: &[Token], new: &Token) -> Result<(), BackendError> {
    if tokens.iter().any(|other| other.id == new.id || other.secret_hash == new.secret_hash) {
        let refusal = format!("the id or the hash of the token {} is taken", new.id);
        return Err(BackendError::new(BACKEND, BackendErrorKind::Internal, refusal));
    }
    Ok(())
}
