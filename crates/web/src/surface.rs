//! How the API looks from outside: where it is found, whose pages may call it, and behind which proxies it is.

use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;

use crate::base_path::BasePath;
use crate::cors::CorsOrigins;
use crate::proxies::TrustedProxies;
use crate::public_url::PublicUrl;

/// How the API looks from outside. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    pub(crate) base_path: BasePath,
    pub(crate) cors: CorsOrigins,
    pub(crate) public_url: PublicUrl,
    pub(crate) proxies: TrustedProxies,
    pub(crate) reference: Arc<Reference>,
}

/// The document and its page, which name the base path. Each is made at the first request for it.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) json: OnceLock<Bytes>,
    pub(crate) page: OnceLock<Bytes>,
}

impl Surface {
    /// Below this path, for pages of these origins.
    pub fn new(base_path: BasePath, cors: CorsOrigins) -> Self {
        Self { base_path, cors, ..Self::default() }
    }

    /// Browsers reach it at this address.
    #[must_use]
    pub fn reached_at(self, public_url: PublicUrl) -> Self {
        Self { public_url, ..self }
    }

    /// These proxies may say where requests come from.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stint_domain::Page;
    use stint_domain::ledger::ports::job::JobCursor;

    use super::*;
    use crate::Api;
    use crate::test::{JOB, Ports, by, job, send, sent};

    /// A request past the proxy gets the same URLs.
    #[actix_web::test]
    async fn every_url_begins_with_the_base_path() {
        let mut ports = Ports::new();
        ports.jobs.expect_create().returning(|_| Ok(stint_domain::ledger::Applied::now(job())));
        ports.jobs.expect_list().returning(|_| Ok(Page { items: vec![job()], next: Some(JobCursor::from(&job())) }));
        ports.tokens.expect_create().returning(|_| Ok(()));
        let surface = Surface::new("/time".to_owned().try_into().unwrap(), CorsOrigins::default());
        let api = Api { surface, ..ports.api() };
        let created = send(&api, sent("POST", "/api/v1/jobs", json!({ "name": "Research" }))).await;
        assert_eq!(created.header("location"), format!("/time/api/v1/jobs/{JOB}"));
        assert_eq!(created.json()["time_entries"], format!("/time/api/v1/jobs/{JOB}/time-entries"));
        let page = send(&api, by("r", "GET", "/api/v1/jobs?limit=1")).await;
        assert!(page.header("link").starts_with("</time/api/v1/jobs?limit=1&cursor="), "{}", page.header("link"));
        assert_eq!(page.json()["items"][0], created.json());
        let token = send(&api, sent("POST", "/api/v1/capture-tokens", json!({ "name": "door" }))).await;
        assert!(token.header("location").starts_with("/time/api/v1/capture-tokens/"));
        assert!(token.json()["ping_url"].as_str().unwrap().starts_with("/time/ping/"));
        for uri in ["/docs", "/openapi.json"] {
            assert!(String::from_utf8_lossy(&send(&api, by("r", "GET", uri)).await.body).contains("/time"), "{uri}");
        }
    }
}
