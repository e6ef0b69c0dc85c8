//! What the provider publishes, its metadata and its keys: fetched when it is first needed, and again when it is old or
//! when a token names another key.
//!
//! One caller fetches, and others wait for it if they need what it fetches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::people::ports::identity_provider::ProviderError;

use super::failure::{invalid, unavailable};
use super::http::{Fetch, Http};
use super::jwk::Key;
use super::jwt::Header;
use super::metadata::Metadata;

/// After this time it is fetched again, beside whoever asks.
const FRESH: Duration = Duration::from_hours(1);
/// After this time it is not used any more: a key that the provider takes away is not believed for longer.
const OLDEST: Duration = Duration::from_hours(2);
/// How often it is fetched again at most because of an unknown key, and how soon after a failure while something is
/// known.
const PAUSE: Duration = Duration::from_mins(1);
/// For how long a provider that failed is not asked again while nothing is known.
const DOWN: Duration = Duration::from_secs(2);

/// What a provider published at one moment.
pub(super) struct Published {
    pub(super) metadata: Metadata,
    pub(super) keys: Vec<Key>,
}

pub(super) struct Publications {
    issuer: String,
    http: Http,
    known: Mutex<Known>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// With the moment at which it was fetched.
    published: Option<(Arc<Published>, Instant)>,
    /// When it is to be fetched again.
    due: Option<Instant>,
    /// When it may be fetched again for an unknown key.
    unknown_from: Option<Instant>,
    failed: Option<(Instant, ProviderError)>,
}

impl Known {
    /// What was published, unless that is too old.
    fn usable(&self) -> Option<Arc<Published>> {
        let (published, fetched) = self.published.as_ref()?;
        (fetched.elapsed() < OLDEST).then(|| Arc::clone(published))
    }
}

impl Publications {
    pub(super) fn new(issuer: String, http: Http) -> Arc<Self> {
        Arc::new(Self { issuer, http, known: Mutex::default(), fetching: tokio::sync::Mutex::default() })
    }

    /// The latest that is known.
    fn known(&self) -> Option<Arc<Published>> {
        self.look(|known| known.usable())
    }

    /// The latest, fetched if nothing is known. What is old is fetched again beside the caller, who need not wait.
    pub(super) async fn latest(self: &Arc<Self>) -> Result<Arc<Published>, ProviderError> {
        let (known, is_due) = self.look(|known| {
            let now = Instant::now();
            let is_due = known.due.is_none_or(|due| due <= now);
            if is_due {
                // Other callers need not begin it, too.
                known.due = Some(now + PAUSE);
            }
            (known.usable(), is_due)
        });
        let Some(known) = known else { return self.first().await };
        if is_due {
            let own = Arc::clone(self);
            tokio::spawn(async move {
                let _fetching = own.fetching.lock().await;
                // What is known is good enough if this fails.
                drop(own.fetch().await);
            });
        }
        Ok(known)
    }

    /// The latest, with a key that may have signed a token with this header.
    pub(super) async fn with_key(self: &Arc<Self>, header: &Header) -> Result<Arc<Published>, ProviderError> {
        let has_key = |published: &Published| published.keys.iter().any(|key| header.is_of(key));
        let published = self.latest().await?;
        if has_key(&published) {
            return Ok(published);
        }
        let _fetching = self.fetching.lock().await;
        // Another caller may have fetched it meanwhile.
        if let Some(published) = self.known().filter(|published| has_key(published)) {
            return Ok(published);
        }
        let may_fetch = self.look(|known| {
            let now = Instant::now();
            let may = known.unknown_from.is_none_or(|from| from <= now);
            if may {
                known.unknown_from = Some(now + PAUSE);
            }
            may
        });
        let published = if may_fetch { self.fetch().await? } else { published };
        if has_key(&published) { Ok(published) } else { Err(invalid("the token is signed by an unknown key")) }
    }

    async fn first(&self) -> Result<Arc<Published>, ProviderError> {
        let _fetching = self.fetching.lock().await;
        let (known, failed) = self.look(|known| (known.usable(), known.failed.clone()));
        match (known, failed) {
            (Some(known), _) => Ok(known),
            (None, Some((at, error))) if at.elapsed() < DOWN => Err(error),
            _ => self.fetch().await,
        }
    }

    /// To be called by whoever holds `fetching`.
    async fn fetch(&self) -> Result<Arc<Published>, ProviderError> {
        let fetched = self.fetched().await.map(Arc::new);
        let now = Instant::now();
        self.look(|known| match &fetched {
            Ok(published) => {
                known.published = Some((Arc::clone(published), now));
                known.due = Some(now + FRESH);
                known.failed = None;
            }
            Err(error) => {
                let cause = std::error::Error::source(error);
                tracing::warn!(%error, ?cause, "cannot read what the provider publishes");
                known.due = Some(now + PAUSE);
                known.failed = Some((now, error.clone()));
            }
        });
        fetched
    }

    async fn fetched(&self) -> Result<Published, ProviderError> {
        let metadata = self.document("the metadata", Metadata::url(&self.issuer)).await?;
        let metadata = Metadata::parse(&self.issuer, &metadata);
        let metadata = metadata.map_err(|why| invalid(format!("the provider's metadata is not to be used: {why}")))?;
        let keys = self.document("the keys", metadata.jwks_uri.clone()).await?;
        let keys = Key::set(&keys).map_err(|why| invalid(format!("the provider's keys cannot be read: {why}")))?;
        Ok(Published { metadata, keys })
    }

    async fn document(&self, what: &str, url: String) -> Result<Vec<u8>, ProviderError> {
        let fetched = self.http.fetch(Fetch::Get(url)).await?;
        if fetched.status == 200 {
            return Ok(fetched.body);
        }
        Err(unavailable(format!("the request for {what} is answered {}", fetched.status)))
    }

    fn look<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Knows what its provider published so long ago. The provider cannot be reached any more.
    fn known_for(age: Duration) -> Arc<Publications> {
        // Nobody listens at port 1.
        let issuer = "http://127.0.0.1:1";
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
        });
        let metadata = Metadata::parse(issuer, metadata.to_string().as_bytes()).unwrap();
        let fetched = Instant::now().checked_sub(age).unwrap();
        let publications = Publications::new(issuer.to_owned(), Http::start(false).unwrap());
        publications.look(|known| {
            known.published = Some((Arc::new(Published { metadata, keys: Vec::new() }), fetched));
            known.due = Some(fetched + FRESH);
        });
        publications
    }

    #[tokio::test]
    async fn what_a_provider_published_is_used_for_two_hours_at_most() {
        for (minutes, expected) in [(0, true), (61, true), (119, true), (120, false), (10_000, false)] {
            let latest = known_for(Duration::from_mins(minutes)).latest().await;
            assert_eq!(latest.is_ok(), expected, "after {minutes} minutes");
        }
    }
}
