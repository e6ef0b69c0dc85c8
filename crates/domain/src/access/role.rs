//! Roles: names for what a person may do.

use super::{Scope, Scopes};
use crate::values::word::words;

words! {
    /// What a person may do. A role is a name for scopes.
    Role {
        /// Sees everything and changes nothing but itself: `read`.
        Viewer = "viewer",
        /// Sees and changes what is its own: `own`.
        Member = "member",
        /// Sees and changes everything in the ledger: `read` and `write`.
        Manager = "manager",
        /// Everything: `admin`.
        Admin = "admin",
    }

    RoleError = "must be `viewer`, `member`, `manager` or `admin`"
}

impl Role {
    /// The scopes of the role.
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::Viewer => Scopes::of(&[Scope::Read]),
            Self::Member => Scopes::OWN,
            Self::Manager => Scopes::of(&[Scope::Read, Scope::Write]),
            Self::Admin => Scopes::ADMIN,
        }
    }
}

/// What a person's account allows at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The person's role.
    pub role: Role,
    /// Whether the person may do anything at all.
    pub active: bool,
}
