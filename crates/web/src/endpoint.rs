//! A route with its handler and its description, and how all of them become a router.

use std::fmt::Write as _;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Route, guard};

use crate::excerpt::Excerpt;
use crate::exchange::{Answer, Arrival, Call, exchange};
use crate::metrics::NO_ROUTE;
use crate::openapi::Described;
use crate::problem::{Code, ErrorForm, Problem};
use crate::{Api, secrecy};

/// A method of a path, with its handler and its description.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) describe: fn() -> Described,
    route: Box<dyn Fn(Rc<Arrival>) -> Route>,
}

impl Endpoint {
    /// One that takes GET takes HEAD as well.
    pub(crate) fn new<H, F>(method: Method, path: &'static str, handler: H, describe: fn() -> Described) -> Self
    where
        H: Fn(Call) -> F + Clone + 'static,
        F: Future<Output = Answer> + 'static,
    {
        let taken = method.clone();
        let route = Box::new(move |arrival| guarded(&taken).to(answer(arrival, handler.clone())));
        Self { method, path, describe, route }
    }
}

/// Gives actix the routes, in their order, and the answers to all other requests.
pub(crate) fn register(config: &mut ServiceConfig, api: &Rc<Api>, endpoints: &[Endpoint]) {
    let arrival = |route: &'static str| {
        Rc::new(Arrival { api: Rc::clone(api), route, metrics: api.metrics.of_route(route) })
    };
    let mut serve = |places: Vec<String>, same_path: &[Endpoint]| {
        let (path, allow) = (same_path[0].path, allow(same_path));
        let mut resource = web::resource(places);
        for endpoint in same_path {
            resource = resource.route((endpoint.route)(arrival(path)));
        }
        let refuse = move |call: Call| std::future::ready(Err(method_not_allowed(&call.request, path, &allow)));
        config.service(resource.default_service(web::to(answer(arrival(path), refuse))));
    };
    let by_path = || endpoints.chunk_by(|one, other| one.path == other.path);
    by_path().for_each(|same_path| serve(api.surface.base_path.places(same_path[0].path), same_path));
    // After all others, so that no other request is compared with a regular expression.
    for same_path in by_path().filter(|same_path| ErrorForm::at(same_path[0].path) == ErrorForm::Plain) {
        let places = api.surface.base_path.places(same_path[0].path);
        serve(places.iter().map(|place| with_any_slashes(place)).collect(), same_path);
    }
    // Below `/api/` only this front answers.
    let refuse = |call: Call| std::future::ready(Err(route_not_found(&call)));
    config.service(web::resource(api.surface.base_path.places("/api/{rest:.*}")).to(answer(arrival(NO_ROUTE), refuse)));
    config.default_service(web::to(answer(arrival(NO_ROUTE), refuse)));
}

/// The handler in the form that actix takes.
fn answer<H, F>(
    arrival: Rc<Arrival>,
    handler: H,
) -> impl actix_web::Handler<(HttpRequest, web::Payload), Output = actix_web::HttpResponse>
where
    H: Fn(Call) -> F + Clone + 'static,
    F: Future<Output = Answer> + 'static,
{
    move |request: HttpRequest, payload: web::Payload| {
        exchange(Rc::clone(&arrival), request, payload.into_inner(), handler.clone())
    }
}

/// A pattern for the path with any number of slashes where it has one, and at its end: people write a plugin's base URL
/// by hand, and plugins append to it.
fn with_any_slashes(path: &str) -> String {
    let mut pattern = String::from("/{before:/*}");
    for (place, part) in path.split('/').filter(|part| !part.is_empty()).enumerate() {
        if place > 0 {
            // Writing to a string never fails.
            let _ = write!(pattern, "{{slashes{place}:/+}}");
        }
        pattern.push_str(part);
    }
    pattern + "{after:/*}"
}

fn guarded(method: &Method) -> Route {
    if *method == Method::GET {
        web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
    } else {
        web::method(method.clone())
    }
}

/// The methods of these endpoints, for `Allow`.
fn allow(endpoints: &[Endpoint]) -> String {
    let mut methods = Vec::new();
    for endpoint in endpoints {
        methods.push(endpoint.method.as_str());
        if endpoint.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}

/// Names the route by its pattern, because the path may hold a secret.
fn method_not_allowed(request: &HttpRequest, route: &str, allow: &str) -> Problem {
    let detail = format!("{route} takes {allow}, not {}", Excerpt(request.method().as_str()));
    let problem = Problem::new(Code::MethodNotAllowed, detail);
    match HeaderValue::from_str(allow) {
        Ok(value) => problem.with_header(header::ALLOW, value),
        Err(_not_a_value) => problem,
    }
}

fn route_not_found(call: &Call) -> Problem {
    let (path, base) = (secrecy::of_path(call.request.path()), call.base_path());
    let detail = format!("there is no route {}; {base}/docs lists those there are", Excerpt(&path));
    Problem::new(Code::RouteNotFound, detail)
}

#[cfg(test)]
mod tests {
    use actix_web::dev::ServiceResponse;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpResponse};

    use super::*;
    use crate::api::JOBS;
    use crate::test::{Ports, by, job};

    fn front(config: &mut ServiceConfig) {
        config.route("/app", web::get().to(|| async { HttpResponse::Ok().body("page") }));
        config.default_service(web::to(|| async { HttpResponse::NotFound().body("front") }));
    }

    async fn told(response: ServiceResponse) -> (u16, String) {
        (response.status().as_u16(), String::from_utf8(read_body(response).await.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn another_front_stands_beside_the_api_before_or_after_it() {
        let api = || {
            Ports::jobs(|jobs| {
                jobs.expect_find().returning(|_| Ok(Some(job())));
            })
        };
        let after = init_service(App::new().configure(crate::configure(api())).configure(front)).await;
        let before = init_service(App::new().configure(front).configure(crate::configure(api()))).await;
        let job = format!("{}/{}", JOBS, crate::test::JOB);
        for (service, stray) in [(&after, "front"), (&before, "route-not-found")] {
            let answer = |request: TestRequest| async { told(call_service(service, request.to_request()).await).await };
            let (status, body) = answer(by("r", "GET", &job)).await;
            assert!(status == 200 && body.contains("Research"), "{body}");
            assert_eq!(answer(TestRequest::with_uri("/app")).await, (200, "page".to_owned()));
            let (status, body) = answer(TestRequest::with_uri("/elsewhere")).await;
            assert!(status == 404 && body.contains(stray), "{body}");
            let (status, body) = answer(TestRequest::with_uri("/api/v1/job")).await;
            assert!(status == 404 && body.contains("route-not-found"), "below /api/ the API answers: {body}");
            let (status, body) = answer(TestRequest::with_uri("/api/wakatime/v2")).await;
            assert!(status == 404 && body.starts_with(r#"{"error":"#), "in the form of its clients: {body}");
        }
    }
}
