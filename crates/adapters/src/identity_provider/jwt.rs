//! A provider's tokens (RFC 7519, in the compact form of RFC 7515).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use stint_domain::values::Timestamp;

use super::jwk::{Algorithm, Key};

/// The longest token that is read.
const MOST: usize = 16 << 10;
/// How much clocks may differ, in seconds.
const SKEW: f64 = 60.0;

/// A token whose signature may still be wrong.
pub(super) struct Jwt<'t> {
    pub(super) header: Header,
    /// What is signed.
    message: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Which key signed it, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) key: Option<String>,
}

#[derive(Deserialize)]
struct RawHeader {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// What the claims must be.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) audience: &'e str,
    pub(super) nonce: Option<&'e str>,
    /// Whether the audience is the client to which the token was issued.
    pub(super) is_for_client: bool,
}

impl<'t> Jwt<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, String> {
        let malformed = || "the token is no JWT".to_owned();
        if token.len() > MOST {
            return Err(format!("the token has more than {MOST} bytes"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_no_base64| malformed());
        let (header, payload, signature) = (decoded(header)?, decoded(payload)?, decoded(signature)?);
        let raw: RawHeader = serde_json::from_slice(&header).map_err(|_no_header| malformed())?;
        let algorithm = Algorithm::named(&raw.alg);
        let algorithm = algorithm.ok_or("the token must be signed with RS256, ES256 or EdDSA")?;
        if raw.crit.is_some() {
            return Err("the token has critical extensions, of which none is known".to_owned());
        }
        Ok(Self { header: Header { algorithm, key: raw.kid }, message, payload, signature })
    }

    /// Fails unless one of the keys signed it.
    pub(super) fn verify(&self, keys: &[Key]) -> Result<(), String> {
        let fitting = keys.iter().filter(|key| self.header.is_of(key));
        let mut verified = fitting.map(|key| key.verifies(self.message.as_bytes(), &self.signature));
        if verified.any(|it| it) { Ok(()) } else { Err("the token's signature is wrong".to_owned()) }
    }

    /// The claims, if they are as expected at this moment.
    pub(super) fn claims(&self, expected: &Expected<'_>, now: Timestamp) -> Result<Map<String, Value>, String> {
        let payload: Value = serde_json::from_slice(&self.payload).or(Err("the token's claims are no JSON"))?;
        let Value::Object(claims) = payload else { return Err("the token's claims are no object".to_owned()) };
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(expected.issuer) {
            return Err("the token is of another issuer".to_owned());
        }
        let audiences: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !audiences.contains(&expected.audience) {
            return Err("the token is for another audience".to_owned());
        }
        let party = claims.get("azp").filter(|_| expected.is_for_client);
        if party.is_some_and(|party| party.as_str() != Some(expected.audience)) {
            return Err("the token was issued to another client".to_owned());
        }
        if expected.nonce.is_some() && text("nonce") != expected.nonce {
            return Err("the token is of another sign-in".to_owned());
        }
        if expected.is_for_client && !claims.contains_key("iat") {
            return Err("the token has no `iat`".to_owned());
        }
        in_time(&claims, now)?;
        Ok(claims)
    }
}

impl Header {
    /// Whether the key may have signed a token with this header.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        key.fits(self.algorithm, self.key.as_deref())
    }
}

/// Fails unless the present is within the token's time.
fn in_time(claims: &Map<String, Value>, now: Timestamp) -> Result<(), String> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of today are far below 2^52")]
    let now = now.as_micros() as f64 / 1_000_000.0;
    // A claim that is there must be a number.
    let moment = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| format!("the token's `{name}` is no number")),
    };
    let expires = moment("exp")?.ok_or("the token has no `exp`")?;
    if expires + SKEW <= now {
        return Err("the token has expired".to_owned());
    }
    for name in ["iat", "nbf"] {
        if moment(name)?.is_some_and(|moment| moment - SKEW > now) {
            return Err(format!("the token's `{name}` is in the future"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("signature"))
    }

    fn claims(changed: &Value) -> Result<Map<String, Value>, String> {
        let mut claims =
            json!({ "iss": "https://id", "aud": "stint", "sub": "1", "nonce": "n", "exp": NOW + 10, "iat": NOW });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let token = token(&json!({ "alg": "ES256" }), &claims);
        let expected = Expected { issuer: "https://id", audience: "stint", nonce: Some("n"), is_for_client: true };
        Jwt::parse(&token).unwrap().claims(&expected, Timestamp::from_micros(NOW * 1_000_000).unwrap())
    }

    #[test]
    fn only_three_algorithms_are_taken() {
        let parsed = |header: Value| Jwt::parse(&token(&header, &json!({}))).map(|jwt| jwt.header);
        for good in ["RS256", "ES256", "EdDSA"] {
            assert!(parsed(json!({ "alg": good, "kid": "k", "typ": "JWT" })).is_ok(), "{good}");
        }
        for bad in ["none", "None", "HS256", "HS512", "RS512", "PS256", "ES384", "rs256", ""] {
            assert!(parsed(json!({ "alg": bad })).is_err(), "{bad}");
        }
        assert!(parsed(json!({})).is_err() && parsed(json!({ "alg": "RS256", "crit": ["exp"] })).is_err());
        let unsigned = token(&json!({ "alg": "RS256" }), &json!({}));
        let unsigned = unsigned.rsplit_once('.').unwrap().0;
        assert!(Jwt::parse(&format!("{unsigned}.")).unwrap().verify(&[]).is_err());
        for bad in ["", "a", "a.b", "a.b.c.d", "e30.e30.", &"x".repeat(MOST + 1), &format!("{unsigned}.=")] {
            assert!(Jwt::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn claims_are_of_this_issuer_audience_and_sign_in() {
        assert_eq!(claims(&json!({})).unwrap()["sub"], "1");
        assert!(claims(&json!({ "aud": ["other", "stint"], "azp": "stint" })).is_ok());
        for bad in [
            json!({ "iss": "https://id/" }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": ["other"] }),
            json!({ "aud": [] }),
            json!({ "aud": null }),
            json!({ "aud": { "stint": true } }),
            json!({ "azp": "other" }),
            json!({ "azp": 7 }),
            json!({ "nonce": "m" }),
            json!({ "nonce": null }),
        ] {
            assert!(claims(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_counts_within_its_time_and_a_minute_around_it() {
        for good in [
            json!({ "exp": NOW - 59 }),
            json!({ "exp": 1.5e10 }),
            json!({ "iat": NOW + 60 }),
            json!({ "nbf": NOW + 60 }),
        ] {
            assert!(claims(&good).is_ok(), "{good}");
        }
        for bad in [
            json!({ "exp": NOW - 60 }),
            json!({ "exp": null }),
            json!({ "exp": "tomorrow" }),
            json!({ "iat": NOW + 61 }),
            json!({ "nbf": NOW + 61 }),
            json!({ "nbf": "now" }),
            json!({ "iat": true }),
            json!({ "iat": null }),
        ] {
            assert!(claims(&bad).is_err(), "{bad}");
        }
    }
}
