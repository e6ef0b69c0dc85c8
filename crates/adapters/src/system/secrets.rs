//! Secrets from the operating system's secure random source.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stint_domain::access::ports::Secrets;
use stint_domain::access::{SecretHash, TokenKind, TokenSecret};
use stint_domain::{BackendError, BackendErrorKind};

use super::BACKEND;

/// Makes secrets of 32 random bytes, and hashes them with SHA-256. Slow hashes are for passwords that people choose:
/// nobody guesses 256 random bits, and every request hashes a secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn generate(&self, kind: TokenKind) -> Result<TokenSecret, BackendError> {
        let text = match TokenSecret::prefix(kind) {
            Some(prefix) => format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)),
            None => uuid::Builder::from_random_bytes(random()?).into_uuid().hyphenated().to_string(),
        };
        Ok(TokenSecret::of(kind, &text).expect("32 bytes are 43 characters of base64url, and 16 make a UUIDv4"))
    }

    fn hash(&self, secret: &TokenSecret) -> SecretHash {
        SecretHash(Sha256::digest(secret.expose()).into())
    }
}

fn random<const N: usize>() -> Result<[u8; N], BackendError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| BackendError::new(BACKEND, BackendErrorKind::Internal, error))?;
    Ok(bytes)
}
