//! From a secret to who is acting.

use std::sync::Arc;

use thiserror::Error;

use crate::ports::{BackendError, Clock, Secrets, TokenRepository};
use crate::principal::Principal;
use crate::token::{TokenRefusal, TokenSecret, TokenSecretError};

/// Why a secret authenticates nobody.
#[derive(Debug, Clone, Error)]
pub enum AuthenticateError {
    /// It has not the form of a secret.
    #[error("the token {0}")]
    Malformed(#[from] TokenSecretError),
    /// There is no such token.
    #[error("the token is unknown")]
    Unknown,
    /// The token is revoked or expired.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The backend failed, so that nobody knows.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Tells who is acting.
#[derive(Clone)]
pub struct Authenticator {
    tokens: Arc<dyn TokenRepository>,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// An authenticator over these ports.
    pub fn new(tokens: Arc<dyn TokenRepository>, secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, secrets, clock }
    }

    /// The principal whose token has this secret. What has not a secret's form is refused without asking anyone.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, AuthenticateError> {
        let hash = self.secrets.hash(&TokenSecret::new(secret)?);
        match self.tokens.find_by_hash(hash).await? {
            Some(token) if token.secret_hash == hash => {
                token.check(self.clock.now())?;
                Ok(Principal::from(&token))
            }
            _ => Err(AuthenticateError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::{at, clock, principal};
    use super::*;
    use crate::ports::{MockSecrets, MockTokenRepository};
    use crate::token::{SecretHash, Token};
    use crate::values::{Subject, Timestamp};

    const SECRET: &str = "stint_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn token() -> Token {
        Token {
            id: principal("read").token,
            name: Subject::new("laptop").unwrap(),
            subject: Subject::new("ada").unwrap(),
            scopes: "read".parse().unwrap(),
            capture: None,
            secret_hash: SecretHash([7; 32]),
            created_at: at(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    async fn authenticate(found: Option<Token>) -> Result<Principal, AuthenticateError> {
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        secrets.expect_hash().return_const(SecretHash([7; 32]));
        tokens.expect_find_by_hash().return_once(|_| Ok(found));
        Authenticator::new(Arc::new(tokens), Arc::new(secrets), clock()).authenticate(SECRET).await
    }

    #[tokio::test]
    async fn a_known_token_tells_who_is_acting() {
        assert_eq!(authenticate(Some(token())).await.unwrap(), principal("read"));
    }

    #[tokio::test]
    async fn unknown_revoked_and_expired_tokens_are_refused() {
        assert!(matches!(authenticate(None).await, Err(AuthenticateError::Unknown)));
        let mistaken = Token { secret_hash: SecretHash([8; 32]), ..token() };
        assert!(matches!(authenticate(Some(mistaken)).await, Err(AuthenticateError::Unknown)));
        let revoked = Token { revoked_at: Some(at()), ..token() };
        let refused = authenticate(Some(revoked)).await;
        assert!(matches!(refused, Err(AuthenticateError::Refused(TokenRefusal::Revoked(_)))));
        let expired = Token { expires_at: Some(at()), ..token() };
        let refused = authenticate(Some(expired)).await;
        assert!(matches!(refused, Err(AuthenticateError::Refused(TokenRefusal::Expired(_)))));
        let lasting = Token { expires_at: Some(Timestamp::from_micros(at().as_micros() + 1).unwrap()), ..token() };
        assert!(authenticate(Some(lasting)).await.is_ok());
    }

    #[tokio::test]
    async fn a_malformed_secret_is_refused_without_asking_anyone() {
        let authenticator =
            Authenticator::new(Arc::new(MockTokenRepository::new()), Arc::new(MockSecrets::new()), clock());
        let refused = authenticator.authenticate("password").await;
        assert!(matches!(refused, Err(AuthenticateError::Malformed(_))));
    }
}
