//! Who is acting, and what they may do.

use thiserror::Error;

use crate::access::{Scope, Scopes};
use crate::capture::CaptureRule;
use crate::values::{Subject, TokenId};

/// The authenticated caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token that the request was sent with.
    pub token: TokenId,
    /// The person or program that the token speaks for.
    pub subject: Subject,
    /// What the token allows.
    pub scopes: Scopes,
}

/// The principal's token lacks the scope that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the token lacks the scope `{scope}`")]
pub struct MissingScope {
    /// The scope that is needed.
    pub scope: Scope,
}

impl Principal {
    /// Fails unless the principal may do what `scope` allows.
    pub fn require(&self, scope: Scope) -> Result<(), MissingScope> {
        if self.scopes.allow(scope) { Ok(()) } else { Err(MissingScope { scope }) }
    }
}

/// The authenticated sender of pings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capturer {
    /// The capture token that the pings were sent with.
    pub token: TokenId,
    /// The person or program that the token speaks for.
    pub subject: Subject,
    /// Which jobs its pings count for, and how.
    pub rule: CaptureRule,
}
