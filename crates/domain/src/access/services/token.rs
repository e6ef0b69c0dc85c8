//! Use cases on tokens, for operators. They check no principal: an operator who runs them has access to the database
//! anyway.

use crate::access::ports::AccessPorts;
use crate::access::ports::token::{
    ChangeTokenError, CreateTokenError, ListTokens, Made, RevokeToken, Revoked, TokenCursor,
};
use crate::access::{Scopes, Token, TokenKind, TokenName, TokenSecret};
use crate::capture::CaptureRule;
use crate::page::Page;
use crate::values::{PersonId, Subject, Timestamp, TokenId};
use crate::{BackendError, Sources};

/// The input for a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDraft {
    /// The name that people give it.
    pub name: TokenName,
    /// The person or program that it speaks for; its name, when `None`.
    pub subject: Option<Subject>,
    /// What it is for.
    pub grant: Grant,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// The person whose it is; `None` for a program's.
    pub person: Option<PersonId>,
    /// The token that makes it; `None` when an operator does, or a person in a session.
    pub made_by: Option<TokenId>,
}

/// What a new token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Using the API, as far as these scopes allow.
    Scopes(Scopes),
    /// Sending pings that count by this rule.
    Capture(CaptureRule),
}

/// Use cases on tokens.
#[derive(Clone)]
pub struct TokenService {
    ports: AccessPorts,
    sources: Sources,
}

impl TokenService {
    /// A service over these ports.
    pub fn new(ports: &AccessPorts, sources: &Sources) -> Self {
        Self { ports: ports.clone(), sources: sources.clone() }
    }

    /// Creates a token. Only this call returns the secret; it cannot be read again.
    pub async fn create(&self, draft: TokenDraft) -> Result<(Token, TokenSecret), CreateTokenError> {
        let TokenDraft { name, subject, grant, expires_at, person, made_by } = draft;
        let (kind, scopes, capture) = match grant {
            Grant::Scopes(scopes) => (TokenKind::Api, scopes, None),
            Grant::Capture(rule) => (TokenKind::Capture, Scopes::CAPTURE, Some(rule)),
        };
        let secret = self.ports.secrets.generate(kind)?;
        let token = Token {
            id: TokenId::new(self.sources.ids.generate()),
            subject: subject.unwrap_or_else(|| name.clone()),
            name,
            kind,
            person,
            scopes,
            capture,
            made_by,
            secret_hash: self.ports.secrets.hash(&secret),
            created_at: self.sources.clock.now(),
            expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        self.ports.tokens.create(token.clone()).await?;
        Ok((token, secret))
    }

    /// Revokes a token, and with [`Made::Revoke`] those that it made. Within 5 seconds no instance accepts them any
    /// more.
    pub async fn revoke(&self, id: TokenId, made: Made) -> Result<Revoked, ChangeTokenError> {
        self.ports.tokens.revoke(RevokeToken { id, at: self.sources.clock.now(), made }).await
    }

    /// Lists tokens, oldest first, including revoked and expired ones.
    pub async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.ports.tokens.list(query).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::access::SecretHash;
    use crate::access::ports::{MockSecrets, MockTokenRepository};
    use crate::test::{at, sources};

    #[tokio::test]
    async fn only_the_hash_of_the_secret_is_stored_and_the_subject_is_the_name_unless_given() {
        let secret = TokenSecret::new(&format!("stint_{}", "a".repeat(43))).unwrap();
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        let generated = secret.clone();
        secrets.expect_generate().return_once(move |_| Ok(generated));
        secrets.expect_hash().return_const(SecretHash([7; 32]));
        tokens
            .expect_create()
            .withf(|token| token.secret_hash == SecretHash([7; 32]) && token.subject.as_str() == "ci")
            .return_once(|_| Ok(()));
        let service =
            TokenService::new(&AccessPorts { tokens: Arc::new(tokens), secrets: Arc::new(secrets) }, &sources());
        let draft = TokenDraft {
            name: Subject::new("ci").unwrap(),
            subject: None,
            grant: Grant::Scopes("read".parse().unwrap()),
            expires_at: None,
            person: None,
            made_by: None,
        };
        let (token, given) = service.create(draft).await.unwrap();
        assert_eq!(given, secret);
        assert_eq!(token.created_at, at());
    }
}
