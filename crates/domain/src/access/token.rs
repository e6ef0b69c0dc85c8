//! Tokens: the secrets that authenticate API consumers. Only the hash of a secret is ever stored.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq;
use thiserror::Error;
use uuid::{Uuid, Variant};

use crate::capture::CaptureRule;
use crate::values::word::words;
use crate::values::{PersonId, Subject, Timestamp, TokenId};

/// A stored token. It holds the hash of its secret, never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Identifies the token in listings and in revocations.
    pub id: TokenId,
    /// The name that people give it.
    pub name: TokenName,
    /// What it is for.
    pub kind: TokenKind,
    /// The person or program that it speaks for.
    pub subject: Subject,
    /// The person whose it is; `None` for a program's. The person's handle is its subject.
    pub person: Option<PersonId>,
    /// What it allows, at most: a person's role may allow less.
    pub scopes: Scopes,
    /// What its pings count for. Present exactly when its kind is `capture`.
    pub capture: Option<CaptureRule>,
    /// The token that created this one over the API; `None` when an operator created it, or a person in a session.
    pub made_by: Option<TokenId>,
    /// The SHA-256 of its secret.
    pub secret_hash: SecretHash,
    /// When it was created.
    pub created_at: Timestamp,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// `None` while it is not revoked.
    pub revoked_at: Option<Timestamp>,
    /// When its latest logged ping came in; of a session: when it was last used, give or take an hour. Other use is not
    /// recorded.
    pub last_used_at: Option<Timestamp>,
}

words! {
    /// What a token is for. A token of one kind is unknown wherever another kind is asked for.
    TokenKind {
        /// Using the API.
        Api = "api",
        /// Sending pings.
        Capture = "capture",
        /// One sign-in of a person in one browser.
        Session = "session",
        /// Setting a password and signing in, once.
        Invitation = "invitation",
    }

    TokenKindError = "must be `api`, `capture`, `session` or `invitation`"
}

/// The name that people give a token. The rules are those of a subject, and a new token's subject is its name unless
/// another is given.
pub type TokenName = Subject;

/// Why an existing token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    /// It expired at this moment.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// It was revoked at this moment.
    #[error("the token was revoked at {0}")]
    Revoked(Timestamp),
}

impl Token {
    /// Fails when the token is revoked or has expired.
    pub fn check(&self, now: Timestamp) -> Result<(), TokenRefusal> {
        match (self.revoked_at, self.expires_at) {
            (Some(at), _) => Err(TokenRefusal::Revoked(at)),
            (None, Some(at)) if at <= now => Err(TokenRefusal::Expired(at)),
            _ => Ok(()),
        }
    }
}

words! {
    /// A permission of a token.
    Scope {
        /// Read jobs with their totals; read and write what is one's own. A token with this scope has no other.
        Own = "own",
        /// Read everything.
        Read = "read",
        /// Write everything in the ledger.
        Write = "write",
        /// Everything, `read` and `write` included.
        Admin = "admin",
        /// Send pings, and nothing else. A token with this scope has no other.
        Capture = "capture",
    }

    ScopeError = "must be one or more of `read`, `write`, `admin`, separated by commas, or `own` or `capture` alone"
}

impl Scope {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of one or more scopes, written with commas: `read,write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// The set of a capture token.
    pub const CAPTURE: Self = Self(Scope::Capture.bit());
    /// The set of somebody who sees and changes what is their own.
    pub const OWN: Self = Self(Scope::Own.bit());
    /// The set of somebody who may do everything.
    pub const ADMIN: Self = Self(Scope::Admin.bit());

    /// The set of these scopes, which fit together.
    pub(super) const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < scopes.len() {
            bits |= scopes[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Makes a set. Fails without any scope, and when `own` or `capture` stands beside another.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, ScopeError> {
        match Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit())) {
            Self(0) => Err(ScopeError),
            alone @ (Self::CAPTURE | Self::OWN) => Ok(alone),
            Self(bits) if bits & (Self::CAPTURE.0 | Self::OWN.0) != 0 => Err(ScopeError),
            scopes => Ok(scopes),
        }
    }

    /// Whether the set allows what `scope` allows. `read` and `write` together allow what `own` does, and `admin` allows
    /// everything but `capture`: a ping counts for what its own token names, and other tokens name nothing.
    pub const fn allow(self, scope: Scope) -> bool {
        match scope {
            Scope::Own => self.has(scope) || self.allow(Scope::Read) && self.allow(Scope::Write),
            Scope::Read | Scope::Write => self.has(scope) || self.has(Scope::Admin),
            Scope::Admin | Scope::Capture => self.has(scope),
        }
    }

    /// What both sets allow. It may be nothing, and then the set is empty: somebody whose role is `member` can do nothing
    /// with a token for `read`.
    #[must_use]
    pub fn cut(self, other: Self) -> Self {
        let both = |scope: &Scope| self.allow(*scope) && other.allow(*scope);
        let bits = |scopes: &[Scope]| scopes.iter().filter(|scope| both(scope)).fold(0, |bits, it| bits | it.bit());
        let cut = Self(bits(&[Scope::Read, Scope::Write, Scope::Admin, Scope::Capture]));
        if cut.allow(Scope::Own) { cut } else { Self(cut.0 | bits(&[Scope::Own])) }
    }

    const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes in the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::new(text.split(',').map(|word| word.trim().parse()).collect::<Result<Vec<Scope>, _>>()?)
    }
}

/// A token's secret: a prefix and 43 characters of base64url, which encode 32 random bytes. The prefix is `stint_`, of a
/// session `stint_session_`, and of an invitation `stint_invitation_`: a release that does not know these kinds takes
/// their secrets for malformed ones. A capture token's secret is a `UUIDv4` in lower case (RFC 9562, section 5.4). `Debug`
/// does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

/// The text does not have the form of a [`TokenSecret`] of the kind that is asked for. The message is for those who call the
/// API; other doors say nothing of the form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `stint_` and 43 characters of base64url")]
pub struct TokenSecretError;

impl TokenSecret {
    const CHARS: usize = 43;

    /// Reads the secret of a token for the API, or of a capture token.
    pub fn new(text: &str) -> Result<Self, TokenSecretError> {
        if Self::is_for_capture(text) { Ok(Self(text.to_owned())) } else { Self::of(TokenKind::Api, text) }
    }

    /// Reads the secret of a token of this kind.
    pub fn of(kind: TokenKind, text: &str) -> Result<Self, TokenSecretError> {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match Self::prefix(kind) {
            None => Self::for_capture(text),
            Some(prefix) => match text.strip_prefix(prefix) {
                Some(rest) if rest.len() == Self::CHARS && rest.bytes().all(base64url) => Ok(Self(text.to_owned())),
                _ => Err(TokenSecretError),
            },
        }
    }

    /// What the secret of a token of this kind begins with; `None` for a capture token's.
    pub const fn prefix(kind: TokenKind) -> Option<&'static str> {
        match kind {
            TokenKind::Api => Some("stint_"),
            TokenKind::Session => Some("stint_session_"),
            TokenKind::Invitation => Some("stint_invitation_"),
            TokenKind::Capture => None,
        }
    }

    /// Reads the secret of a capture token only, also with the prefix `waka_`, which some tools insist on.
    pub fn for_capture(text: &str) -> Result<Self, TokenSecretError> {
        let bare = text.strip_prefix("waka_").unwrap_or(text);
        if Self::is_for_capture(bare) { Ok(Self(bare.to_owned())) } else { Err(TokenSecretError) }
    }

    fn is_for_capture(text: &str) -> bool {
        let is_v4 = |id: Uuid| id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122;
        text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase()) && Uuid::try_parse(text).is_ok_and(is_v4)
    }

    /// The secret in clear text: to show its owner once, and to hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// The SHA-256 of a [`TokenSecret`]. Comparison takes constant time.
#[derive(Debug, Clone, Copy, Eq, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "the manual equality is the derived one in constant time")]
pub struct SecretHash(pub [u8; 32]);

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_read_and_write_which_together_include_own() {
        let allowed = |text: &str| Scope::ALL.map(|scope| text.parse::<Scopes>().unwrap().allow(scope));
        assert_eq!(allowed("own"), [true, false, false, false, false]);
        assert_eq!(allowed("read"), [false, true, false, false, false]);
        assert_eq!(allowed("write"), [false, false, true, false, false]);
        assert_eq!(allowed("read,write"), [true, true, true, false, false]);
        assert_eq!(allowed("admin"), [true, true, true, true, false]);
        assert_eq!(allowed("capture"), [false, false, false, false, true]);
        for mixed in ["read,capture", "own,read", "own,write", "admin,own", "own,capture"] {
            assert_eq!(mixed.parse::<Scopes>(), Err(ScopeError), "{mixed}");
        }
        assert_eq!("write, read".parse::<Scopes>().unwrap().to_string(), "read,write");
        assert_eq!("".parse::<Scopes>(), Err(ScopeError));
        assert_eq!("read,root".parse::<Scopes>(), Err(ScopeError));
    }

    #[test]
    fn a_cut_set_allows_what_both_allow_and_nothing_else() {
        let sets = ["own", "read", "write", "read,write", "admin", "read,admin", "capture"];
        for one in sets {
            for other in sets {
                let (one, other): (Scopes, Scopes) = (one.parse().unwrap(), other.parse().unwrap());
                let cut = one.cut(other);
                for scope in Scope::ALL {
                    assert_eq!(
                        cut.allow(scope),
                        one.allow(scope) && other.allow(scope),
                        "{one} cut by {other}: {scope}"
                    );
                }
                assert_eq!(cut, other.cut(one));
            }
        }
        assert_eq!("admin".parse::<Scopes>().unwrap().cut(Scopes::OWN), Scopes::OWN);
        assert_eq!("read".parse::<Scopes>().unwrap().cut(Scopes::OWN).to_string(), "");
    }

    #[test]
    fn a_secret_has_one_form_and_does_not_show_itself() {
        let text = format!("stint_{}", "aB3-_".repeat(9).split_at(43).0);
        let secret = TokenSecret::new(&text).unwrap();
        assert_eq!(secret.expose(), text);
        assert!(!format!("{secret:?}").contains("aB3"));
        assert_eq!(TokenSecret::new(&text[1..]), Err(TokenSecretError));
        assert_eq!(TokenSecret::new(&format!("{text}a")), Err(TokenSecretError));
        assert_eq!(TokenSecret::new(&text.replace('-', "+")), Err(TokenSecretError));
    }

    /// So every door takes its own kind's secrets, and to the release before the new ones are malformed.
    #[test]
    fn a_secret_of_one_kind_is_none_of_another() {
        for kind in [TokenKind::Api, TokenKind::Session, TokenKind::Invitation] {
            let text = format!("{}{}", TokenSecret::prefix(kind).unwrap(), "a".repeat(43));
            for other in TokenKind::ALL {
                assert_eq!(TokenSecret::of(other, &text).is_ok(), kind == other, "{text} as {other}");
            }
            assert_eq!(TokenSecret::new(&text).is_ok(), kind == TokenKind::Api, "{text}");
        }
    }

    #[test]
    fn a_secret_for_capture_is_a_uuid_v4_in_lower_case() {
        let text = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a";
        assert_eq!(TokenSecret::new(text).unwrap().expose(), text);
        for bad in [&text.to_uppercase(), &text.replace("-4", "-7"), &text.replace("-8", "-c"), &text.replace('-', "")]
        {
            assert_eq!(TokenSecret::new(bad), Err(TokenSecretError), "{bad}");
            assert_eq!(TokenSecret::for_capture(bad), Err(TokenSecretError), "{bad}");
        }
        assert_eq!(TokenSecret::for_capture(&format!("waka_{text}")).unwrap().expose(), text);
        assert_eq!(TokenSecret::for_capture(&format!("waka_waka_{text}")), Err(TokenSecretError));
        assert_eq!(TokenSecret::for_capture(&format!("stint_{}", "a".repeat(43))), Err(TokenSecretError));
    }
}
