//! Checks of signing in through a provider.

use super::Finding;
use crate::settings::Settings;

/// Whether somebody on the network could sign in as others.
pub(super) fn look(Settings { oidc, http, .. }: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if oidc.issuer.is_some() && !oidc.issuer.is_secure() {
        findings.push(Finding::serious(
            format!(
                "oidc.issuer is {}: whoever answers there without TLS can sign in as anybody",
                oidc.issuer.as_str()
            ),
            "use the provider's https address",
        ));
    }
    if oidc.issuer.is_some() && !http.public_url.is_secure() {
        findings.push(Finding::serious(
            format!("http.public_url is {}: the provider sends its codes back in clear text", http.public_url),
            "serve Stint over TLS, and set http.public_url to its https address",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Configuration, Surroundings};

    fn findings(issuer: &str, public_url: &str) -> Vec<String> {
        let variables = [
            ("STINT_DATABASE__URL", "sqlite://stint.db"),
            ("STINT_OIDC__ISSUER", issuer),
            ("STINT_OIDC__CLIENT_ID", "stint"),
            ("STINT_HTTP__PUBLIC_URL", public_url),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into())).to_vec();
        let surroundings = Surroundings { variables, ..Surroundings::default() };
        let configuration = Configuration::load(&surroundings).unwrap();
        look(&configuration.settings).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_provider_without_tls_on_either_side_is_found() {
        const OWN: &str = "https://time.example.org";
        assert!(findings("", "").is_empty() && findings("https://id.example.org", OWN).is_empty());
        let found = findings("http://127.0.0.1:8081", OWN);
        assert!(found.len() == 1 && found[0].starts_with("serious: oidc.issuer is http://127.0.0.1:8081"), "{found:?}");
        let found = findings("https://id.example.org", "http://time.example.org");
        assert!(found.len() == 1 && found[0].starts_with("serious: http.public_url is http://time"), "{found:?}");
    }
}
