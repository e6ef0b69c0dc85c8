//! Use cases on tokens, for operators. They have no principal: who can run them holds the database.

use std::sync::Arc;

use crate::access::ports::token::{
    CreateTokenError, ListTokens, Made, RevokeToken, RevokeTokenError, Revoked, TokenCursor,
};
use crate::access::ports::{Secrets, TokenRepository};
use crate::access::{Scopes, Token, TokenName, TokenSecret};
use crate::capture::CaptureRule;
use crate::page::Page;
use crate::values::{Subject, Timestamp, TokenId};
use crate::{BackendError, Clock, IdGenerator};

/// What an operator says of a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDraft {
    /// What people call it.
    pub name: TokenName,
    /// Whom it speaks for; its name, when none.
    pub subject: Option<Subject>,
    /// What it may do.
    pub scopes: Scopes,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// What is said of a new token that captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturingTokenDraft {
    /// What people call it.
    pub name: TokenName,
    /// Whom it speaks for; its name, when none.
    pub subject: Option<Subject>,
    /// What its pings count for, and how.
    pub rule: CaptureRule,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// The token that makes it; none, when an operator does.
    pub made_by: Option<TokenId>,
}

/// Use cases on tokens.
#[derive(Clone)]
pub struct TokenService {
    tokens: Arc<dyn TokenRepository>,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl TokenService {
    /// A service over these ports.
    pub fn new(
        tokens: Arc<dyn TokenRepository>,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { tokens, secrets, clock, ids }
    }

    /// Creates a token. The secret is given here, once, and cannot be had again. One that captures is created by
    /// [`TokenService::create_capturing`], because it needs a rule.
    pub async fn create(&self, draft: TokenDraft) -> Result<(Token, TokenSecret), CreateTokenError> {
        let TokenDraft { name, subject, scopes, expires_at } = draft;
        let secret = self.secrets.generate()?;
        let token = self.token(&secret, name, subject, scopes);
        self.store(Token { expires_at, ..token }, secret).await
    }

    /// Creates a token that captures. The secret is given here, once, and cannot be had again.
    pub async fn create_capturing(&self, draft: CapturingTokenDraft) -> Result<(Token, TokenSecret), CreateTokenError> {
        let CapturingTokenDraft { name, subject, rule, expires_at, made_by } = draft;
        let secret = self.secrets.generate_for_capture()?;
        let token = self.token(&secret, name, subject, Scopes::CAPTURE);
        self.store(Token { capture: Some(rule), expires_at, made_by, ..token }, secret).await
    }

    fn token(&self, secret: &TokenSecret, name: TokenName, subject: Option<Subject>, scopes: Scopes) -> Token {
        Token {
            id: TokenId::new(self.ids.generate()),
            subject: subject.unwrap_or_else(|| name.clone()),
            name,
            scopes,
            capture: None,
            made_by: None,
            secret_hash: self.secrets.hash(secret),
            created_at: self.clock.now(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    async fn store(&self, token: Token, secret: TokenSecret) -> Result<(Token, TokenSecret), CreateTokenError> {
        self.tokens.create(token.clone()).await?;
        Ok((token, secret))
    }

    /// Revokes a token, and unless they are kept those that it made: within 5 seconds no instance takes them any more.
    pub async fn revoke(&self, id: TokenId, made: Made) -> Result<Revoked, RevokeTokenError> {
        self.tokens.revoke(RevokeToken { id, at: self.clock.now(), made }).await
    }

    /// A page of all tokens, oldest first, revoked and expired ones too.
    pub async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.tokens.list(query).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::SecretHash;
    use crate::access::ports::{MockSecrets, MockTokenRepository};
    use crate::test::{at, clock, ids};

    #[tokio::test]
    async fn only_the_hash_of_the_secret_is_stored_and_the_subject_is_the_name_unless_given() {
        let secret = TokenSecret::new(&format!("stint_{}", "a".repeat(43))).unwrap();
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        let generated = secret.clone();
        secrets.expect_generate().return_once(move || Ok(generated));
        secrets.expect_hash().return_const(SecretHash([7; 32]));
        tokens
            .expect_create()
            .withf(|token| token.secret_hash == SecretHash([7; 32]) && token.subject.as_str() == "ci")
            .return_once(|_| Ok(()));
        let service = TokenService::new(Arc::new(tokens), Arc::new(secrets), clock(), ids());
        let draft = TokenDraft {
            name: Subject::new("ci").unwrap(),
            subject: None,
            scopes: "read".parse().unwrap(),
            expires_at: None,
        };
        let (token, given) = service.create(draft).await.unwrap();
        assert_eq!(given, secret);
        assert_eq!(token.created_at, at());
    }
}
