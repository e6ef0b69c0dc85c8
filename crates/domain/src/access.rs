//! Access: tokens, their scopes, and the principal that a request acts as.

pub mod ports;
pub mod services;

mod principal;
mod token;

pub use principal::{Capturer, MissingScope, Principal};
pub use token::{Scope, ScopeError, Scopes, SecretHash, Token, TokenName, TokenRefusal, TokenSecret, TokenSecretError};
