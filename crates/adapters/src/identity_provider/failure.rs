//! How the provider fails.

use std::error::Error;

use stint_domain::people::ports::identity_provider::ProviderError;
use stint_domain::{BackendError, BackendErrorKind};

/// The name of this backend in errors.
const BACKEND: &str = "identity provider";

/// The provider cannot be reached, or fails.
pub(super) fn unavailable(why: impl Into<String>) -> ProviderError {
    ProviderError::Unavailable(BackendError::new(BACKEND, BackendErrorKind::Unavailable, why.into()))
}

/// What the provider sent is not to be believed.
pub(super) fn invalid(why: impl Into<String>) -> ProviderError {
    ProviderError::Invalid(why.into())
}

/// Something is wrong here, not there.
pub(super) fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Internal, error)
}
