//! Authentication: from a secret to the caller.

use std::sync::Arc;

use thiserror::Error;

use crate::access::ports::AccessPorts;
use crate::access::{Capturer, Principal, Token, TokenRefusal, TokenSecret, TokenSecretError};
use crate::{BackendError, Clock, Sources};

/// Why a secret authenticates nobody.
#[derive(Debug, Clone, Error)]
pub enum AuthenticateError {
    /// The secret is malformed.
    #[error("the token {0}")]
    Malformed(#[from] TokenSecretError),
    /// No token has this secret, or it cannot be used here.
    #[error("the token is unknown")]
    Unknown,
    /// The token is revoked or expired.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The backend failed, so the answer is not known.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Finds out who is acting.
#[derive(Clone)]
pub struct Authenticator {
    ports: AccessPorts,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// An authenticator over these ports.
    pub fn new(ports: &AccessPorts, sources: &Sources) -> Self {
        Self { ports: ports.clone(), clock: sources.clock.clone() }
    }

    /// Finds the principal whose token has this secret. A malformed secret is refused without a call to any port.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, AuthenticateError> {
        let Token { id, subject, scopes, .. } = self.token(&TokenSecret::new(secret)?).await?;
        Ok(Principal { token: id, subject, scopes })
    }

    /// Finds the sender of pings whose capture token has this secret, which may have the prefix `waka_`. A malformed
    /// secret is refused without a call to any port.
    pub async fn authenticate_capture(&self, secret: &str) -> Result<Capturer, AuthenticateError> {
        match self.token(&TokenSecret::for_capture(secret)?).await? {
            Token { id, subject, capture: Some(rule), .. } => Ok(Capturer { token: id, subject, rule }),
            _ => Err(AuthenticateError::Unknown),
        }
    }

    async fn token(&self, secret: &TokenSecret) -> Result<Token, AuthenticateError> {
        let hash = self.ports.secrets.hash(secret);
        match self.ports.tokens.find_by_hash(hash).await? {
            Some(token) if token.secret_hash == hash => {
                token.check(self.clock.now())?;
                Ok(token)
            }
            _ => Err(AuthenticateError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ports::{MockSecrets, MockTokenRepository};
    use crate::access::{Scopes, SecretHash};
    use crate::capture::{CaptureRule, CaptureTarget, Gap};
    use crate::test::{at, principal, sources};
    use crate::values::{Subject, Timestamp, Zone};

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
            made_by: None,
            last_used_at: None,
        }
    }

    fn authenticator(tokens: MockTokenRepository, secrets: MockSecrets) -> Authenticator {
        Authenticator::new(&AccessPorts { tokens: Arc::new(tokens), secrets: Arc::new(secrets) }, &sources())
    }

    async fn authenticate(found: Option<Token>) -> Result<Principal, AuthenticateError> {
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        secrets.expect_hash().return_const(SecretHash([7; 32]));
        tokens.expect_find_by_hash().return_once(|_| Ok(found));
        authenticator(tokens, secrets).authenticate(SECRET).await
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

    async fn authenticate_capture(secret: &str, found: Option<Token>) -> Result<Capturer, AuthenticateError> {
        let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
        secrets.expect_hash().withf(|secret| secret.expose() == CAPTURE).return_const(SecretHash([7; 32]));
        tokens.expect_find_by_hash().return_once(|_| Ok(found));
        authenticator(tokens, secrets).authenticate_capture(secret).await
    }

    const CAPTURE: &str = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a";

    #[tokio::test]
    async fn a_capture_token_tells_what_its_pings_count_for_with_and_without_its_prefix() {
        let rule =
            CaptureRule { target: CaptureTarget::Projects { create: true }, zone: Zone::UTC, gap: Gap::default() };
        let capturing = Token { scopes: Scopes::CAPTURE, capture: Some(rule), ..token() };
        for secret in [CAPTURE.to_owned(), format!("waka_{CAPTURE}")] {
            let capturer = authenticate_capture(&secret, Some(capturing.clone())).await.unwrap();
            assert_eq!(capturer, Capturer { token: capturing.id, subject: capturing.subject.clone(), rule });
        }
        let revoked = Token { revoked_at: Some(at()), ..capturing };
        let refused = authenticate_capture(CAPTURE, Some(revoked)).await;
        assert!(matches!(refused, Err(AuthenticateError::Refused(_))));
        let refused = authenticate_capture(CAPTURE, Some(token())).await;
        assert!(matches!(refused, Err(AuthenticateError::Unknown)), "a token that captures nothing");
        let refused = authenticate_capture(SECRET, None).await;
        assert!(matches!(refused, Err(AuthenticateError::Malformed(_))));
    }

    #[tokio::test]
    async fn a_malformed_secret_is_refused_without_asking_anyone() {
        let authenticator = authenticator(MockTokenRepository::new(), MockSecrets::new());
        let refused = authenticator.authenticate("password").await;
        assert!(matches!(refused, Err(AuthenticateError::Malformed(_))));
    }
}
