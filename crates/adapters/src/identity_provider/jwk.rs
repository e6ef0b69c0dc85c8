//! A provider's keys (RFC 7517), and verifying signatures with them. Keys for anything but RS256, ES256 and EdDSA are
//! left out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256};
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// The most keys that are kept of a provider.
const MOST: usize = 50;

/// How a token is signed. There is no variant for `none` and for HMAC: whoever can read a public key could use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A public key of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    public: Public,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point that is not compressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// The keys of a set that can be used here.
    pub(super) fn set(text: &[u8]) -> Result<Vec<Self>, String> {
        let set: Set = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let known = set.keys.into_iter().filter_map(|key| Self::of(serde_json::from_value(key).ok()?));
        Ok(known.take(MOST).collect())
    }

    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.r#use.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Public::Rsa { n: without_zeros(bytes(jwk.n)?), e: without_zeros(bytes(jwk.e)?) },
            ("EC", Some("P-256")) => Public::P256([vec![4], bytes(jwk.x)?, bytes(jwk.y)?].concat()),
            ("OKP", Some("Ed25519")) => Public::Ed25519(bytes(jwk.x)?),
            _ => return None,
        };
        let key = Self { id: jwk.kid, public };
        jwk.alg.is_none_or(|alg| Algorithm::named(&alg) == Some(key.algorithm())).then_some(key)
    }

    /// The one algorithm that goes with the key. What the token says must agree.
    fn algorithm(&self) -> Algorithm {
        match self.public {
            Public::Rsa { .. } => Algorithm::Rs256,
            Public::P256(_) => Algorithm::Es256,
            Public::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether a token with this header may be signed by it.
    pub(super) fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        self.algorithm() == algorithm && id.is_none_or(|id| self.id.as_deref() == Some(id))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.public {
            Public::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Public::Ed25519(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
        };
        verified.is_ok()
    }
}

/// Some providers write a number with zeros before it.
fn without_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.4.
    #[test]
    fn a_signature_is_verified_by_its_key_and_no_other() {
        let set = json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
            { "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "p256", "use": "sig",
              "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
        ] });
        let keys = Key::set(set.to_string().as_bytes()).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(keys[0].verifies(message, &signature) && !keys[1].verifies(message, &signature));
        assert!(!keys[0].verifies(b"another", &signature));
        signature[0] ^= 1;
        assert!(!keys[0].verifies(message, &signature));
        // RFC 7515, appendix A.3.
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290\
                       Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(keys[1].verifies(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));
    }

    #[test]
    fn a_key_fits_its_own_algorithm_and_id() {
        let set = json!({ "keys": [{ "kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB" }] });
        let key = Key::set(set.to_string().as_bytes()).unwrap().remove(0);
        assert!(key.fits(Algorithm::Rs256, Some("a")) && key.fits(Algorithm::Rs256, None));
        assert!(!key.fits(Algorithm::Rs256, Some("b")) && !key.fits(Algorithm::EdDsa, Some("a")));
        assert_eq!(without_zeros(vec![0, 0, 1, 0]), [1, 0]);
    }

    #[test]
    fn keys_for_other_uses_are_left_out_and_a_broken_one_breaks_no_other() {
        let set = json!({ "keys": [
            { "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB" },
            { "kty": "RSA", "alg": "PS256", "n": "AQAB", "e": "AQAB" },
            { "kty": "oct", "k": "AQAB" },
            { "kty": "EC", "crv": "secp256k1", "x": "AQAB", "y": "AQAB" },
            { "kty": "RSA", "n": "!", "e": "AQAB" },
            "nonsense",
            { "kty": "OKP", "crv": "Ed25519", "x": "AQAB", "kid": "good" },
        ] });
        let keys = Key::set(set.to_string().as_bytes()).unwrap();
        assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("good")]);
        assert!(Key::set(b"{}").is_err() && Key::set(b"<html>").is_err());
    }
}
