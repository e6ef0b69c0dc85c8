//! People: accounts, their passwords, and signing in.
//!
//! What a person may do is a [`Role`](crate::access::Role). A person logs time under their [`Handle`], as a token does
//! under its subject; handles and subjects are one name space.

pub mod ports;
pub mod services;

mod email;
mod handle;
mod password;
mod person;

pub use email::{Email, EmailError};
pub use handle::{Handle, HandleError};
pub use password::{Password, PasswordError, PasswordHash};
pub use person::{Person, PersonName, PersonStatus, PersonStatusError, WeekStart, WeekStartError};
