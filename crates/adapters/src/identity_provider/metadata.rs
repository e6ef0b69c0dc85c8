//! What a provider publishes of itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;

use super::url;

/// Where it is found, below the issuer.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// The URL of a provider's metadata.
    pub(super) fn url(issuer: &str) -> String {
        format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'))
    }

    /// Reads the metadata of this issuer. Without TLS no endpoint may be elsewhere.
    pub(super) fn parse(issuer: &str, text: &[u8]) -> Result<Self, String> {
        let metadata: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if metadata.issuer != issuer {
            return Err(format!("the issuer is `{}` and not `{issuer}`, as the settings have it", metadata.issuer));
        }
        let Self { authorization_endpoint, token_endpoint, jwks_uri, end_session_endpoint, .. } = &metadata;
        let endpoints = [authorization_endpoint, token_endpoint, jwks_uri].into_iter().chain(end_session_endpoint);
        let needs_tls = issuer.starts_with("https://");
        for endpoint in endpoints {
            if !url::is_safe(endpoint) || needs_tls && !endpoint.starts_with("https://") {
                return Err(format!("the endpoint {endpoint} has no TLS"));
            }
        }
        Ok(metadata)
    }

    /// Whether a client tells its secret in `Authorization`; else it does in the form.
    pub(super) fn takes_basic(&self) -> bool {
        // The default, if nothing is said.
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| {
            methods.iter().any(|it| it == "client_secret_basic") || !methods.iter().any(|it| it == "client_secret_post")
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(issuer: &str, changed: &serde_json::Value) -> Result<Metadata, String> {
        let mut metadata = json!({
            "issuer": "https://id.example.org",
            "authorization_endpoint": "https://id.example.org/auth",
            "token_endpoint": "https://id.example.org/token",
            "jwks_uri": "https://keys.example.org/jwks",
            "something": ["else"],
        });
        metadata.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        Metadata::parse(issuer, metadata.to_string().as_bytes())
    }

    #[test]
    fn metadata_is_the_expected_issuers_and_its_endpoints_have_tls() {
        const ISSUER: &str = "https://id.example.org";
        assert!(parse(ISSUER, &json!({})).is_ok());
        assert!(parse("https://id.example.org/", &json!({})).is_err());
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"] {
            for bad in ["http://id.example.org/x", "http://127.0.0.1/x", "javascript:alert(1)"] {
                assert!(parse(ISSUER, &json!({ name: bad })).is_err(), "{name}: {bad}");
            }
        }
        assert!(parse(ISSUER, &json!({ "token_endpoint": null })).is_err());
        assert_eq!(Metadata::url("https://h/realms/x/"), "https://h/realms/x/.well-known/openid-configuration");
    }

    #[test]
    fn a_secret_is_told_in_the_way_that_the_provider_takes() {
        let takes_basic = |methods: serde_json::Value| {
            let changed = json!({ "token_endpoint_auth_methods_supported": methods });
            parse("https://id.example.org", &changed).unwrap().takes_basic()
        };
        assert!(takes_basic(json!(null)) && takes_basic(json!(["client_secret_post", "client_secret_basic"])));
        assert!(!takes_basic(json!(["client_secret_post", "private_key_jwt"])));
    }
}
