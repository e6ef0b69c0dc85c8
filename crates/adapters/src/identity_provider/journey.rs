//! A browser's way to the provider and back.
//!
//! The browser keeps a text with a secret, in a cookie. What goes to the provider (`state`, `nonce` and PKCE's
//! verifier) is derived from the whole text, so it proves that the browser that comes back is the one that left, and
//! that the text is still what it was. Nothing is stored for that, and no instance needs to know what another one
//! began.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stint_domain::access::SecretHash;
use stint_domain::people::ports::identity_provider::{Departure, ProviderError};
use stint_domain::people::ports::provider_identity::Once;
use stint_domain::values::Timestamp;

use super::failure::internal;

/// How long a browser may stay away.
const LASTS: Duration = Duration::from_mins(10);
/// How much clocks of two instances may differ.
const SKEW: Duration = Duration::from_mins(1);

pub(super) struct Journey {
    /// `SECONDS.RANDOM.BOUND.NOTE`.
    kept: String,
    note_at: usize,
    is_bound: bool,
    bound_to: String,
    until: Timestamp,
}

impl Journey {
    /// Begins one.
    pub(super) fn begin(departure: &Departure, now: Timestamp) -> Result<Self, ProviderError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| ProviderError::Unavailable(internal(error)))?;
        let seconds = now.as_micros().div_euclid(1_000_000);
        let bound = u8::from(departure.bound_to.is_some());
        let kept = format!("{seconds}.{}.{bound}.{}", URL_SAFE_NO_PAD.encode(random), departure.note);
        Self::read(kept, departure.bound_to.clone()).ok_or(ProviderError::NotBegun)
    }

    /// Takes it up again when the browser comes back with this state.
    pub(super) fn resume(
        kept: String,
        bound_to: Option<String>,
        state: &str,
        now: Timestamp,
    ) -> Result<Self, ProviderError> {
        let journey = Self::read(kept, bound_to).ok_or(ProviderError::NotBegun)?;
        // Compared by hashes, in constant time.
        let is_own = hash(state) == hash(&journey.state());
        let began_by = journey.until.as_micros() - micros(LASTS);
        let lasts = now < journey.until && began_by <= now.as_micros() + micros(SKEW);
        if is_own && lasts { Ok(journey) } else { Err(ProviderError::NotBegun) }
    }

    fn read(kept: String, bound_to: Option<String>) -> Option<Self> {
        let mut parts = kept.splitn(4, '.');
        let (seconds, random, bound, note) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_bound = match bound {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let began = seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?;
        let until = Timestamp::from_micros(began).ok()?.later(LASTS);
        if random.len() != 43 {
            return None;
        }
        let bound_to = if is_bound { bound_to? } else { String::new() };
        let note_at = kept.len() - note.len();
        Some(Self { kept, note_at, is_bound, bound_to, until })
    }

    /// What the browser keeps.
    pub(super) fn kept(&self) -> String {
        self.kept.clone()
    }

    pub(super) fn note(&self) -> &str {
        &self.kept[self.note_at..]
    }

    pub(super) fn is_bound(&self) -> bool {
        self.is_bound
    }

    pub(super) fn state(&self) -> String {
        self.derived("state")
    }

    pub(super) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// PKCE's `code_verifier`.
    pub(super) fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// PKCE's `code_challenge`, by the method `S256`.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    pub(super) fn once(&self) -> Once {
        Once { key: hash(&self.derived("once")), until: self.until.later(SKEW) }
    }

    fn derived(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("stint {what}\n{}\n{}", self.bound_to, self.kept)))
    }
}

fn hash(text: &str) -> SecretHash {
    SecretHash(Sha256::digest(text).into())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
    }

    fn begun(bound_to: Option<&str>) -> Journey {
        let departure = Departure { note: "in./a.b".to_owned(), bound_to: bound_to.map(str::to_owned) };
        Journey::begin(&departure, at(0)).unwrap()
    }

    #[test]
    fn the_browser_that_left_comes_back_within_ten_minutes_with_its_note() {
        let left = begun(None);
        for (seconds, expected) in [(-61, false), (-60, true), (0, true), (599, true), (600, false), (9999, false)] {
            let back = Journey::resume(left.kept(), None, &left.state(), at(seconds));
            assert_eq!(back.is_ok(), expected, "{seconds}");
        }
        let back = Journey::resume(left.kept(), Some("a session".to_owned()), &left.state(), at(1)).ok().unwrap();
        assert_eq!((back.note(), back.is_bound()), ("in./a.b", false));
        let same = |one: &Journey, other: &Journey| {
            (one.nonce(), one.verifier(), one.once()) == (other.nonce(), other.verifier(), other.once())
        };
        assert!(same(&back, &left) && !same(&begun(None), &left));
        let all = [left.state(), left.nonce(), left.verifier(), left.challenge()];
        assert!(all.iter().all(|text| text.len() == 43 && !left.kept().contains(text)));
    }

    #[test]
    fn another_state_another_browser_and_a_changed_text_are_refused() {
        let (left, other) = (begun(None), begun(None));
        let refused = |kept: String, state: &str| {
            matches!(Journey::resume(kept, None, state, at(1)), Err(ProviderError::NotBegun))
        };
        assert!(refused(left.kept(), &other.state()) && refused(other.kept(), &left.state()));
        assert!(refused(left.kept(), "") && refused(String::new(), &left.state()));
        let later = left.kept().replacen("1700000000", "1700000500", 1);
        assert!(refused(later, &left.state()), "the browser cannot set the time");
        assert!(refused(left.kept().replace("in.", "link."), &left.state()), "nor the note");
        assert!(refused(left.kept().replacen(".0.", ".1.", 1), &left.state()));
    }

    #[test]
    fn what_is_bound_to_a_secret_needs_it() {
        let left = begun(Some("a session"));
        let back = |bound_to: Option<&str>| {
            Journey::resume(left.kept(), bound_to.map(str::to_owned), &left.state(), at(1)).ok()
        };
        assert!(back(Some("a session")).unwrap().is_bound());
        assert!(back(Some("another")).is_none() && back(None).is_none());
    }
}
