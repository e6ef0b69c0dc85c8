//! Authentication: from a secret to the caller.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::access::ports::AccessPorts;
use crate::access::ports::token::{KnownToken, TouchSession};
use crate::access::{Capturer, Principal, Standing, Token, TokenKind, TokenRefusal, TokenSecret, TokenSecretError};
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
    /// How long a session lasts that is not used.
    pub const SESSION_IDLE: Duration = Duration::from_hours(14 * 24);
    /// How long a session lasts at most.
    pub const SESSION_LONGEST: Duration = Duration::from_hours(90 * 24);
    /// How long a session lasts that a provider vouched for, used or not.
    pub const SESSION_OF_PROVIDER: Duration = Duration::from_hours(12);
    /// How often the use of a session is noted at most.
    const SESSION_NOTED: Duration = Duration::from_hours(1);

    /// An authenticator over these ports.
    pub fn new(ports: &AccessPorts, sources: &Sources) -> Self {
        Self { ports: ports.clone(), clock: sources.clock.clone() }
    }

    /// Finds the principal whose token for the API has this secret. A malformed secret, such as that of a token of another
    /// kind, is refused without a call to any port.
    pub async fn authenticate(&self, secret: &str) -> Result<Principal, AuthenticateError> {
        let KnownToken { token, standing } = self.known(&TokenSecret::of(TokenKind::Api, secret)?).await?;
        match token.kind {
            TokenKind::Api => Ok(principal(token, standing)),
            TokenKind::Capture | TokenKind::Session | TokenKind::Invitation => Err(AuthenticateError::Unknown),
        }
    }

    /// Finds the principal whose session has this secret, and notes its use, at most once an hour. A malformed secret is
    /// refused without a call to any port.
    pub async fn authenticate_session(&self, secret: &str) -> Result<Principal, AuthenticateError> {
        let KnownToken { token, standing } = self.known(&TokenSecret::of(TokenKind::Session, secret)?).await?;
        if token.kind != TokenKind::Session || standing.is_none() {
            return Err(AuthenticateError::Unknown);
        }
        self.note_use(&token).await;
        Ok(principal(token, standing))
    }

    async fn note_use(&self, session: &Token) {
        let (id, at) = (session.id, self.clock.now());
        let last = session.last_used_at.unwrap_or(session.created_at);
        if last.later(Self::SESSION_NOTED) > at {
            return;
        }
        // One that the provider vouched for ends when it was to end.
        let expires_at = match session.expires_at {
            Some(end) if end < session.created_at.later(Self::SESSION_IDLE) => end,
            _ => at.later(Self::SESSION_IDLE).min(session.created_at.later(Self::SESSION_LONGEST)),
        };
        // The request does not depend on it; the next one tries again.
        drop(self.ports.tokens.touch(TouchSession { id, at, expires_at }).await);
    }

    /// Finds the sender of pings whose capture token has this secret, which may have the prefix `waka_`. A malformed
    /// secret is refused without a call to any port.
    pub async fn authenticate_capture(&self, secret: &str) -> Result<Capturer, AuthenticateError> {
        match self.known(&TokenSecret::for_capture(secret)?).await?.token {
            Token { id, subject, capture: Some(rule), .. } => Ok(Capturer { token: id, subject, rule }),
            _ => Err(AuthenticateError::Unknown),
        }
    }

    /// The usable token with this secret. A deactivated person's tokens are revoked; one that a cache still holds is
    /// unknown.
    pub(crate) async fn known(&self, secret: &TokenSecret) -> Result<KnownToken, AuthenticateError> {
        let hash = self.ports.secrets.hash(secret);
        match self.ports.tokens.find_by_hash(hash).await? {
            Some(known) if known.token.secret_hash == hash => {
                known.token.check(self.clock.now())?;
                let is_active = known.standing.is_none_or(|standing| standing.active);
                if is_active { Ok(known) } else { Err(AuthenticateError::Unknown) }
            }
            _ => Err(AuthenticateError::Unknown),
        }
    }
}

/// Who acts with the token.
pub(crate) fn principal(token: Token, standing: Option<Standing>) -> Principal {
    let Token { id, kind, subject, person, scopes, .. } = token;
    let scopes = standing.map_or(scopes, |standing: Standing| scopes.cut(standing.role.scopes()));
    Principal { token: id, kind, subject, person, scopes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ports::{MockSecrets, MockTokenRepository};
    use crate::access::{Role, Scopes, SecretHash};
    use crate::capture::{CaptureRule, CaptureTarget, Gap};
    use crate::test::{at, principal, sources};
    use crate::values::{Subject, Timestamp, Zone};

    const SECRET: &str = "stint_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn token() -> Token {
        Token {
            id: principal("read").token,
            name: Subject::new("laptop").unwrap(),
            subject: Subject::new("ada").unwrap(),
            kind: TokenKind::Api,
            person: None,
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
        tokens.expect_find_by_hash().return_once(|_| Ok(found.map(|token| KnownToken { token, standing: None })));
        authenticator(tokens, secrets).authenticate(SECRET).await
    }

    #[tokio::test]
    async fn a_known_token_tells_who_is_acting() {
        assert_eq!(authenticate(Some(token())).await.unwrap(), principal("read"));
    }

    #[tokio::test]
    async fn a_persons_token_allows_what_both_it_and_their_role_allow() {
        let person = Some(crate::values::PersonId::new(uuid::Uuid::from_u128(4)));
        for (scopes, role, active, expected) in [
            ("admin", Role::Manager, true, Some("read,write")),
            ("admin", Role::Member, true, Some("own")),
            ("read", Role::Member, true, Some("")),
            ("own", Role::Admin, true, Some("own")),
            ("read", Role::Admin, true, Some("read")),
            ("read", Role::Admin, false, None),
        ] {
            let (mut secrets, mut tokens) = (MockSecrets::new(), MockTokenRepository::new());
            secrets.expect_hash().return_const(SecretHash([7; 32]));
            let token = Token { person, scopes: scopes.parse().unwrap(), ..token() };
            let standing = Some(Standing { role, active });
            tokens.expect_find_by_hash().return_once(move |_| Ok(Some(KnownToken { token, standing })));
            let found = authenticator(tokens, secrets).authenticate(SECRET).await;
            assert_eq!(found.ok().map(|it| it.scopes.to_string()).as_deref(), expected, "{scopes} of a {role}");
        }
    }

    #[tokio::test]
    async fn a_token_of_another_kind_is_unknown_where_one_for_the_api_is_asked_for() {
        for kind in [TokenKind::Capture, TokenKind::Session, TokenKind::Invitation] {
            let found = authenticate(Some(Token { kind, ..token() })).await;
            assert!(matches!(found, Err(AuthenticateError::Unknown)), "{kind}");
        }
    }

    /// Its provider may have locked its person out meanwhile.
    #[tokio::test]
    async fn use_makes_a_session_last_longer_but_not_one_of_a_provider() {
        let (made, hours) = (at(), Duration::from_hours);
        for (lasts, used_after, expected) in [
            (hours(14 * 24), hours(2), hours(14 * 24 + 2)),
            (hours(14 * 24 + 85 * 24), hours(85 * 24), hours(90 * 24)),
            (Authenticator::SESSION_OF_PROVIDER, hours(2), Authenticator::SESSION_OF_PROVIDER),
        ] {
            let (mut tokens, mut clock) = (MockTokenRepository::new(), crate::MockClock::new());
            let now = made.later(used_after);
            clock.expect_now().return_const(now);
            let expected = TouchSession { id: token().id, at: now, expires_at: made.later(expected) };
            tokens.expect_touch().withf(move |touch| *touch == expected).once().returning(|_| Ok(()));
            let ports = AccessPorts { tokens: Arc::new(tokens), secrets: Arc::new(MockSecrets::new()) };
            let sources = Sources { clock: Arc::new(clock), ..sources() };
            let session = Token { kind: TokenKind::Session, expires_at: Some(made.later(lasts)), ..token() };
            Authenticator::new(&ports, &sources).note_use(&session).await;
        }
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
        tokens.expect_find_by_hash().return_once(|_| Ok(found.map(|token| KnownToken { token, standing: None })));
        authenticator(tokens, secrets).authenticate_capture(secret).await
    }

    const CAPTURE: &str = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a";

    #[tokio::test]
    async fn a_capture_token_tells_what_its_pings_count_for_with_and_without_its_prefix() {
        let rule =
            CaptureRule { target: CaptureTarget::Projects { create: true }, zone: Zone::UTC, gap: Gap::default() };
        let capturing = Token { kind: TokenKind::Capture, scopes: Scopes::CAPTURE, capture: Some(rule), ..token() };
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
        for secret in ["password", CAPTURE] {
            let refused = authenticator.authenticate(secret).await;
            assert!(matches!(refused, Err(AuthenticateError::Malformed(_))), "{secret}");
        }
    }
}
