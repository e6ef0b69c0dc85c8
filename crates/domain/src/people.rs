//! People: accounts, their passwords, and signing in.
//!
//! What a person may do is a [`Role`](crate::access::Role). A person logs time under their [`Handle`], as a token does
//! under its subject; handles and subjects are one name space. An OpenID provider may vouch for people: it knows them
//! by an [`Identity`], which is linked to a person here.

pub mod ports;
pub mod services;

mod email;
mod handle;
mod identity;
mod password;
mod person;
mod rules;

pub use email::{Email, EmailError};
pub use handle::{Handle, HandleError};
pub use identity::{Claims, Identity, IdentityError};
pub use password::{Password, PasswordError, PasswordHash};
pub use person::{Person, PersonName, PersonStatus, PersonStatusError, WeekStart, WeekStartError};
pub use rules::{PeopleRules, RoleTable};
