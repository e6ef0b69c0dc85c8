//! Who is acting, and what they may do.

use thiserror::Error;

use crate::access::{Scope, Scopes, Token};
use crate::capture::CaptureRule;
use crate::values::{Subject, TokenId};

/// Who is acting: the token used, whom it speaks for, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token used.
    pub token: TokenId,
    /// Whom it speaks for.
    pub subject: Subject,
    /// What it may do.
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
    /// Passes when the principal may do what `scope` allows.
    pub fn require(&self, scope: Scope) -> Result<(), MissingScope> {
        if self.scopes.allow(scope) { Ok(()) } else { Err(MissingScope { scope }) }
    }
}

impl From<&Token> for Principal {
    fn from(token: &Token) -> Self {
        Self { token: token.id, subject: token.subject.clone(), scopes: token.scopes }
    }
}

/// Who sends pings, and what those count for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capturer {
    /// The token used.
    pub token: TokenId,
    /// Whom it speaks for.
    pub subject: Subject,
    /// What its pings count for, and how.
    pub rule: CaptureRule,
}
