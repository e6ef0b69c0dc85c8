//! Who somebody is at an OpenID provider.

use thiserror::Error;

/// Who somebody is at an OpenID provider: the provider's issuer, and the name that it gives this person for ever (`iss`
/// and `sub`, OpenID Connect Core 1.0, section 2). Both are compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    issuer: String,
    subject: String,
}

/// A part of an [`Identity`] is empty, too long, or has a control character.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must have 1 to {} characters, none of them a control character", Identity::MAX_CHARS)]
pub struct IdentityError;

impl Identity {
    /// The greatest length of the issuer and of the subject, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Takes both parts as the provider tells them.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, IdentityError> {
        let fits =
            |text: &str| (1..=Self::MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits(issuer) && fits(subject) {
            Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
        } else {
            Err(IdentityError)
        }
    }

    /// The provider.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's name for the person.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// What a provider says of somebody, after everything that proves it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who it is.
    pub identity: Identity,
    /// A name that may become the handle of a new person.
    pub handle: Option<String>,
    /// The name that others read.
    pub name: Option<String>,
    /// An address. Nobody is ever found by it.
    pub email: Option<String>,
    /// The values of the claim that tells roles.
    pub roles: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_what_the_provider_says_to_the_letter() {
        let identity = Identity::new("https://id.example.org", " Ada ").unwrap();
        assert_eq!((identity.issuer(), identity.subject()), ("https://id.example.org", " Ada "));
        assert_ne!(identity, Identity::new("https://id.example.org/", " Ada ").unwrap());
        for (issuer, subject) in [("", "x"), ("x", ""), ("x", "a\nb"), ("x", &"x".repeat(256))] {
            assert_eq!(Identity::new(issuer, subject), Err(IdentityError), "{issuer:?} {subject:?}");
        }
        assert!(Identity::new("x", &"ä".repeat(255)).is_ok());
    }
}
