//! An OpenID provider over HTTP: sends browsers there, redeems the codes with which they come back, and checks the
//! provider's tokens.
//!
//! What is checked, in this order: the browser began the sign-in here ([`journey`]), the token is signed by a key of
//! the provider ([`jwk`], [`published`]), and its claims are the expected ones ([`jwt`]). [`http`] fetches, on a thread
//! of its own. Deliberately absent: storing anything, and who a person is here; the domain decides that.

mod failure;
mod http;
mod journey;
mod jwk;
mod jwt;
mod metadata;
mod published;
mod url;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use stint_domain::people::ports::IdentityProvider;
use stint_domain::people::ports::identity_provider::{Arrival, Arrived, Departure, Left, ProviderError};
use stint_domain::people::{Claims, Identity};
use stint_domain::{BackendError, Clock};

use self::failure::{invalid, unavailable};
use self::http::{Fetch, Http};
use self::journey::Journey;
use self::jwt::{Expected, Jwt};
use self::published::{Publications, Published};

/// What the settings say of the provider.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its issuer, to the letter.
    pub issuer: String,
    /// What it calls this service.
    pub client_id: String,
    /// By what it knows this service; empty for a public client.
    pub client_secret: String,
    /// What is asked for, separated by spaces; `openid` among it.
    pub scopes: String,
    /// Where it sends browsers back to.
    pub redirect_uri: String,
    /// Where it sends browsers after they signed out there.
    pub after_sign_out: String,
    /// What people call it.
    pub name: String,
    /// The claim that tells roles: its name, or its path with dots; empty if there is none.
    pub role_claim: String,
    /// The audience of tokens that are taken in place of this service's own; empty if there are none.
    pub bearer_audience: String,
}

/// An OpenID provider. Nothing is fetched before it is needed.
pub struct OpenIdProvider {
    settings: ProviderSettings,
    http: Http,
    published: Arc<Publications>,
    clock: Arc<dyn Clock>,
}

impl OpenIdProvider {
    /// Reads the root certificates and starts the thread that fetches. It ends when this is dropped.
    pub fn start(settings: ProviderSettings, clock: Arc<dyn Clock>) -> Result<Self, BackendError> {
        let http = Http::start(settings.issuer.starts_with("https://"))?;
        let published = Publications::new(settings.issuer.clone(), http.clone());
        Ok(Self { settings, http, published, clock })
    }

    /// The claims of a token that a key of the provider signed, if they are the expected ones.
    async fn checked(&self, token: &str, expected: Expected<'_>) -> Result<Map<String, Value>, ProviderError> {
        let jwt = Jwt::parse(token).map_err(invalid)?;
        let published = self.published.with_key(&jwt.header).await?;
        jwt.verify(&published.keys).map_err(invalid)?;
        jwt.claims(&expected, self.clock.now()).map_err(invalid)
    }

    /// The identity token for a code.
    async fn redeem(&self, published: &Published, code: &str, journey: &Journey) -> Result<String, ProviderError> {
        let ProviderSettings { client_id, client_secret, redirect_uri, .. } = &self.settings;
        let verifier = journey.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &verifier),
        ];
        let mut authorization = None;
        if client_secret.is_empty() {
            form.push(("client_id", client_id));
        } else if published.metadata.takes_basic() {
            authorization = Some(url::basic(client_id, client_secret));
        } else {
            form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.as_str())]);
        }
        let endpoint = published.metadata.token_endpoint.clone();
        let fetched = self.http.fetch(Fetch::Form { url: endpoint, form: url::form(&form), authorization }).await?;
        let answer: Value = serde_json::from_slice(&fetched.body).unwrap_or_default();
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (fetched.status, text("id_token"), text("error")) {
            (200, Some(token), _) => Ok(token),
            (400..=499, _, Some(error)) if error == "invalid_grant" => Err(ProviderError::Refused(error)),
            (400..=499, _, error) => {
                let error = error.unwrap_or_else(|| format!("status {}", fetched.status));
                Err(invalid(format!("the provider does not answer this service's request for a token: {error}")))
            }
            (500..=599, ..) => Err(unavailable(format!("the token endpoint answers {}", fetched.status))),
            _ => Err(invalid("the provider's answer to the request for a token has no id_token")),
        }
    }

    fn claims(&self, claims: &Map<String, Value>) -> Result<Claims, ProviderError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let subject = text("sub").ok_or_else(|| invalid("the token has no `sub`"))?;
        let identity = Identity::new(&self.settings.issuer, subject);
        let identity = identity.map_err(|error| invalid(format!("the token's `sub` {error}")))?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Claims {
            identity,
            handle: owned(text("preferred_username").or(text("email"))),
            name: owned(text("name")),
            email: owned(text("email")),
            roles: roles(claims, &self.settings.role_claim),
        })
    }
}

#[async_trait]
impl IdentityProvider for OpenIdProvider {
    fn name(&self) -> String {
        self.settings.name.clone()
    }

    fn takes_bearers(&self) -> bool {
        !self.settings.bearer_audience.is_empty()
    }

    async fn leave(&self, departure: Departure) -> Result<Left, ProviderError> {
        let published = self.published.latest().await?;
        let journey = Journey::begin(&departure, self.clock.now())?;
        let ProviderSettings { client_id, redirect_uri, scopes, .. } = &self.settings;
        let (state, nonce, challenge) = (journey.state(), journey.nonce(), journey.challenge());
        let query = url::form(&[
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", scopes),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let url = url::with_query(&published.metadata.authorization_endpoint, &query);
        Ok(Left { url, kept: journey.kept() })
    }

    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, ProviderError> {
        let Arrival { kept, bound_to, state, answer, issuer } = arrival;
        let journey = Journey::resume(kept, bound_to, &state, self.clock.now())?;
        if issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(invalid("the answer is another provider's"));
        }
        let code = answer.map_err(ProviderError::Refused)?;
        let published = self.published.latest().await?;
        let token = self.redeem(&published, &code, &journey).await?;
        let nonce = journey.nonce();
        let expected = Expected {
            issuer: &self.settings.issuer,
            audience: &self.settings.client_id,
            nonce: Some(&nonce),
            is_for_client: true,
        };
        let claims = self.claims(&self.checked(&token, expected).await?)?;
        Ok(Arrived { claims, note: journey.note().to_owned(), is_bound: journey.is_bound(), once: journey.once() })
    }

    async fn verify(&self, token: String) -> Result<Claims, ProviderError> {
        if !self.takes_bearers() {
            return Err(invalid("the provider's tokens are not taken"));
        }
        let expected = Expected {
            issuer: &self.settings.issuer,
            audience: &self.settings.bearer_audience,
            nonce: None,
            is_for_client: false,
        };
        let claims = self.checked(&token, expected).await?;
        self.claims(&claims)
    }

    async fn sign_out(&self) -> Option<String> {
        let endpoint = self.published.latest().await.ok()?.metadata.end_session_endpoint.clone()?;
        let query = url::form(&[
            ("client_id", &self.settings.client_id),
            ("post_logout_redirect_uri", &self.settings.after_sign_out),
        ]);
        Some(url::with_query(&endpoint, &query))
    }
}

/// The texts of a claim: of this name, or, if there is none, at this path.
fn roles(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    let at_path = || {
        claim.split('.').try_fold(None, |found: Option<&Value>, name| {
            let next = found.map_or_else(|| claims.get(name), |found| found.get(name));
            next.map(Some)
        })
    };
    match claims.get(claim).or_else(|| at_path().flatten()) {
        Some(Value::String(value)) => vec![value.clone()],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_the_texts_of_a_claim_by_its_name_or_its_path() {
        let claims = json!({
            "groups": ["staff", 7, "bosses"],
            "role": "admin",
            "realm_access": { "roles": ["stint"] },
            "https://example.org/roles": ["x"],
            "number": 1,
        });
        let claims = claims.as_object().unwrap();
        for (claim, expected) in [
            ("groups", &["staff", "bosses"][..]),
            ("role", &["admin"]),
            ("realm_access.roles", &["stint"]),
            ("https://example.org/roles", &["x"]),
            ("number", &[]),
            ("absent", &[]),
            ("role.x", &[]),
            ("", &[]),
        ] {
            assert_eq!(roles(claims, claim), expected, "{claim}");
        }
    }
}
