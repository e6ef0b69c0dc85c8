//! Use cases on tokens, for operators. They check no principal: an operator who runs them has access to the database
//! anyway.

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

/// The operator's input for a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDraft {
    /// The name that people give it.
    pub name: TokenName,
    /// The person or program that it speaks for; its name, when `None`.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scopes: Scopes,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
}

/// The input for a new capture token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturingTokenDraft {
    /// The name that people give it.
    pub name: TokenName,
    /// The person or program that it speaks for; its name, when `None`.
    pub subject: Option<Subject>,
    /// Which jobs its pings count for, and how.
    pub rule: CaptureRule,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// The token that makes it; `None` when an operator does.
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

    /// Creates a token. Only this call returns the secret; it cannot be read again.
    /// [`TokenService::create_capturing`] creates capture tokens, because they need a rule.
    pub async fn create(&self, draft: TokenDraft) -> Result<(Token, TokenSecret), CreateTokenError> {
        let TokenDraft { name, subject, scopes, expires_at } = draft;
        let secret = self.secrets.generate()?;
        let token = self.token(&secret, name, subject, scopes);
        self.store(Token { expires_at, ..token }, secret).await
    }

    /// Creates a capture token. Only this call returns the secret; it cannot be read again.
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

    /// Revokes a token, and with [`Made::Revoke`] those that it made. Within 5 seconds no instance accepts them any
    /// more.
    pub async fn revoke(&self, id: TokenId, made: Made) -> Result<Revoked, RevokeTokenError> {
        self.tokens.revoke(RevokeToken { id, at: self.clock.now(), made }).await
    }

    /// Lists all tokens, oldest first, including revoked and expired ones.
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
