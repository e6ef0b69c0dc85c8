//! Refusals of those who come from the provider, and of its tokens.

use stint_domain::people::ports::identity_provider::ProviderError;
use stint_domain::people::ports::provider_identity::EnterError;
use stint_domain::people::services::{BearerError, ProviderSignInError};

use super::Challenge::Invalid;
use super::unauthorized;
use crate::problem::{Code, Problem};

impl From<BearerError> for Problem {
    fn from(error: BearerError) -> Self {
        match error {
            BearerError::Backend(error) => error.into(),
            BearerError::Provider(ProviderError::Unavailable(error)) => Self::provider_unavailable(error),
            // Neither repeats the token.
            BearerError::Provider(_) | BearerError::Unknown => unauthorized(error.to_string(), Invalid),
        }
    }
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let code = match error {
            ProviderError::Unavailable(error) => return Self::provider_unavailable(error),
            ProviderError::NotBegun => Code::SignInUnusable,
            ProviderError::Refused(_) => Code::ProviderRefused,
            ProviderError::Invalid(_) => Code::ProviderInvalid,
        };
        Self::new(code, error.to_string())
    }
}

impl From<EnterError> for Problem {
    fn from(error: EnterError) -> Self {
        let code = match error {
            EnterError::Backend(error) => return error.into(),
            EnterError::Used => Code::SignInUnusable,
            EnterError::LinkUnusable => Code::LinkUnusable,
            EnterError::HandleTaken(_) | EnterError::SubjectTaken(_) => Code::HandleTaken,
            EnterError::Inactive => Code::PersonDeactivated,
            EnterError::NotLinked => Code::NotLinked,
            EnterError::Taken => Code::IdentityTaken,
            EnterError::LastAdmin(_) => Code::LastAdmin,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ProviderSignInError> for Problem {
    fn from(error: ProviderSignInError) -> Self {
        let code = match error {
            ProviderSignInError::Provider(error) => return error.into(),
            ProviderSignInError::Enter(error) => return error.into(),
            ProviderSignInError::SignedOut => {
                return unauthorized("sign in to link an account", super::Challenge::Missing);
            }
            ProviderSignInError::NoProvider => Code::NotFound,
            ProviderSignInError::NoRole => Code::NoRole,
            ProviderSignInError::NotLinked => Code::NotLinked,
            ProviderSignInError::NoHandle => Code::NoHandle,
        };
        Self::new(code, error.to_string())
    }
}
