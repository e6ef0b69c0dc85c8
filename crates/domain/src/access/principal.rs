//! Who is acting, and what they may do.

use thiserror::Error;

use crate::access::{Scope, Scopes, TokenKind};
use crate::capture::CaptureRule;
use crate::values::{PersonId, Subject, TokenId};

/// The authenticated caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token that the request was sent with.
    pub token: TokenId,
    /// The token's kind: `api` or `session`. A token of a provider counts as a session: it stands for a sign-in there.
    pub kind: TokenKind,
    /// The person or program that the token speaks for.
    pub subject: Subject,
    /// The person who is acting; `None` for a program.
    pub person: Option<PersonId>,
    /// What the token allows, cut to what the person's role allows.
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
    /// The token that counts as the maker of what the principal makes. What a person makes in a session stays when the
    /// session ends.
    pub fn maker(&self) -> Option<TokenId> {
        Some(self.token).filter(|_| self.kind != TokenKind::Session)
    }

    /// Fails unless the principal may do what `scope` allows.
    pub fn require(&self, scope: Scope) -> Result<(), MissingScope> {
        if self.scopes.allow(scope) { Ok(()) } else { Err(MissingScope { scope }) }
    }

    /// Whose time the principal may read: anybody's (`None`) with `read`, that of its own subject with `own`.
    pub fn reads(&self) -> Result<Option<Subject>, MissingScope> {
        self.reaches(Scope::Read)
    }

    /// Whose time the principal may write: anybody's (`None`) with `write`, that of its own subject with `own`.
    pub fn writes(&self) -> Result<Option<Subject>, MissingScope> {
        self.reaches(Scope::Write)
    }

    fn reaches(&self, scope: Scope) -> Result<Option<Subject>, MissingScope> {
        match self.require(scope) {
            Err(_) if self.scopes.allow(Scope::Own) => Ok(Some(self.subject.clone())),
            required => required.map(|()| None),
        }
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
