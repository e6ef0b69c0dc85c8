//! Pages of other sites, as a server sees them: the requests of their browsers, and the answers.

use serde_json::json;

use super::answer::Answer;
use super::raw::Connection;
use super::service::Service;

const PAGE: &str = "https://app.example.org";
const OTHER: &str = "https://evil.example";

#[actix_web::test]
async fn pages_of_an_admitted_origin_see_what_their_token_may_and_others_nothing() {
    let origins = [("STINT_HTTP__CORS_ORIGINS", "http://localhost:5173, https://app.example.org")];
    let service = Service::on_sqlite_with(&origins);
    let api = &service.api;
    assert_eq!(admitted(&preflight(&service, PAGE).await.expect(204)), Some(PAGE));
    assert_eq!(admitted(&preflight(&service, OTHER).await.expect(405)), None);
    let created = api.post("/jobs", &json!({ "name": "Research" })).header("origin", PAGE).await.expect(201);
    assert_eq!(admitted(&created), Some(PAGE));
    let exposed = created.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in ["etag", "location", "x-request-id"] {
        assert!(created.header(name).is_some() && exposed.split(", ").any(|seen| seen == name), "{name} is hidden");
    }
    let refused = api.anonymous().get("/jobs").header("origin", PAGE).await.expect(401);
    assert_eq!(admitted(&refused), Some(PAGE));
    assert_eq!(admitted(&api.get("/jobs").header("origin", OTHER).await.expect(200)), None);
}

#[actix_web::test]
async fn pages_see_nothing_unless_their_origin_is_named() {
    let service = Service::on_sqlite();
    let answer = preflight(&service, PAGE).await.expect(405);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, None));
}

/// A browser's preflight request before a page creates a job. The OpenAPI document does not list `OPTIONS`.
async fn preflight(service: &Service, origin: &str) -> Answer {
    let request = format!(
        "OPTIONS /api/v1/jobs HTTP/1.1\r\nHost: stint\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: authorization,content-type,idempotency-key\r\n\r\n"
    );
    Connection::open(service.api.address()).await.exchange(request).await.answer()
}

/// The origin whose pages may see the answer.
#[track_caller]
fn admitted(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("vary"), Some("Origin"), "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
    answer.header("access-control-allow-origin")
}
