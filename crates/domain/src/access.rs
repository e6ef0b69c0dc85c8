//! Access: tokens, their scopes, and the principal that a request acts as.

pub mod ports;
pub mod services;

mod principal;
mod role;
mod token;

pub use principal::{Capturer, MissingScope, Principal};
pub use role::{Role, RoleError, Standing};
pub use token::{
    Scope, ScopeError, Scopes, SecretHash, Token, TokenKind, TokenKindError, TokenName, TokenRefusal, TokenSecret,
    TokenSecretError,
};
