//! Use cases on tokens, and authentication.

mod authentication;
mod token;

pub use authentication::{AuthenticateError, Authenticator};
pub use token::{CapturingTokenDraft, TokenDraft, TokenService};
