//! What the settings say of an OpenID provider: its issuer, the secret that it knows, and the table of roles.

use std::fmt;

use serde::Deserialize;
use stint_domain::access::Role;
use stint_domain::people::RoleTable;
use thiserror::Error;

/// The issuer of a provider, or none. It is kept as it is written, because providers compare it byte by byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Issuer(String);

/// The text is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be `https://HOST/PATH` without a query, as the provider writes it; `http://` only for this very host")]
pub(crate) struct IssuerError;

impl Issuer {
    pub(crate) fn is_some(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for Issuer {
    type Error = IssuerError;

    fn try_from(text: String) -> Result<Self, IssuerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let (rest, must_be_here) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, false),
            (_, Some(rest)) => (rest, true),
            _ => return Err(IssuerError),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(v6) => v6.split(']').next(),
            None => authority.split(':').next(),
        };
        let is_here = matches!(host, Some("localhost" | "127.0.0.1" | "::1"));
        let plain = |b: u8| b.is_ascii_graphic() && !b"?#@\"\\<>".contains(&b);
        let fits = !authority.is_empty() && text.len() <= 255 && text.bytes().all(plain);
        if fits && (is_here || !must_be_here) { Ok(Self(text)) } else { Err(IssuerError) }
    }
}

/// A secret that is not shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret itself, for whoever it is told to.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `VALUE=ROLE` pairs, separated by `;`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Roles(Vec<(String, Role)>);

/// A part of the text is no pair.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "must be pairs such as `stint-admins=admin`, separated by `;`, with one of the roles `viewer`, `member`, `manager` \
     and `admin`; got `{0}`"
)]
pub(crate) struct RolesError(String);

impl Roles {
    /// The table, if it has a row.
    pub(crate) fn table(&self) -> Option<RoleTable> {
        if self.0.is_empty() { None } else { Some(RoleTable::new(self.0.clone())) }
    }
}

impl TryFrom<String> for Roles {
    type Error = RolesError;

    fn try_from(text: String) -> Result<Self, RolesError> {
        let pair = |part: &str| {
            // A value may have the sign itself, as names of groups in LDAP do.
            let (value, role) = part.rsplit_once('=')?;
            let value = value.trim();
            (!value.is_empty()).then_some((value.to_owned(), role.trim().parse().ok()?))
        };
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| pair(part).ok_or_else(|| RolesError(part.to_owned()))).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_tls_or_is_on_this_host() {
        let read = |text: &str| Issuer::try_from(text.to_owned());
        for good in ["", "https://id.example.org", "https://id.example.org/realms/x/", "http://127.0.0.1:8081/x"] {
            assert_eq!(read(good).map(|issuer| issuer.as_str().to_owned()).as_deref(), Ok(good));
        }
        for bad in [
            "id.example.org",
            "http://id.example.org",
            "http://localhost.example.org",
            "https://",
            "https://u@h",
            "https://h?x",
            "https://h/#x",
            "https://h/ x",
        ] {
            assert_eq!(read(bad), Err(IssuerError), "{bad}");
        }
    }

    #[test]
    fn a_table_has_values_with_any_sign_and_roles() {
        let roles = Roles::try_from("cn=bosses,ou=x = admin ; staff=member;".to_owned()).unwrap();
        let of = |value: &str| roles.table().unwrap().role_of(&[value.to_owned()]);
        assert_eq!((of("cn=bosses,ou=x"), of("staff"), of("cn")), (Some(Role::Admin), Some(Role::Member), None));
        assert_eq!(Roles::try_from(" ; ".to_owned()).unwrap().table(), None);
        for bad in ["staff", "staff=boss", "=admin", "a=admin;b"] {
            assert!(Roles::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::from("hunter2".to_owned())), "Secret(…)");
    }
}
