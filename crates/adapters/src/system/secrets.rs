//! Secrets from the operating system's secure random source.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stint_domain::access::ports::Secrets;
use stint_domain::access::{SecretHash, TokenSecret};
use stint_domain::{BackendError, BackendErrorKind};

use super::BACKEND;

/// Makes secrets of 32 random bytes, and hashes them with SHA-256. Slow hashes are for passwords that people choose:
/// nobody guesses 256 random bits, and every request hashes a secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn generate(&self) -> Result<TokenSecret, BackendError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| BackendError::new(BACKEND, BackendErrorKind::Internal, error))?;
        let text = format!("stint_{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(TokenSecret::new(&text).expect("32 bytes are 43 characters of base64url"))
    }

    fn generate_for_capture(&self) -> Result<TokenSecret, BackendError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| BackendError::new(BACKEND, BackendErrorKind::Internal, error))?;
        let text = uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string();
        Ok(TokenSecret::new(&text).expect("random bytes make a UUIDv4"))
    }

    fn hash(&self, secret: &TokenSecret) -> SecretHash {
        SecretHash(Sha256::digest(secret.expose()).into())
    }
}
