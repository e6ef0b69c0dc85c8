//! Use cases on tokens, and finding out who is acting.

mod authentication;
mod token;

pub use authentication::{AuthenticateError, Authenticator};
pub use token::{CapturingTokenDraft, TokenDraft, TokenService};
