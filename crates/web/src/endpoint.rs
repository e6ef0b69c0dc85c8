//! A route with its handler and its description, and how all of them become a router.
//!
//! actix finds out for whom a request is: for this front or for another one. Which route of this front takes it is found
//! in `place`.

mod place;

use std::fmt::Write as _;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::dev::{AppService, HttpServiceFactory, ResourceDef, ServiceRequest, fn_service};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::ServiceConfig;

use self::place::{Answering, Handler, Place, handler};
use crate::base_path::BasePath;
use crate::excerpt::Excerpt;
use crate::exchange::{Answer, Arrival, Call};
use crate::metrics::NO_ROUTE;
use crate::openapi::Described;
use crate::problem::{Code, ErrorForm, Problem};
use crate::{Api, secrecy};

/// The places below it are found here; actix finds all others.
const API: &str = "/api/v1";

/// A method of a path, with its handler and its description.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) describe: fn() -> Described,
    handler: Box<dyn Fn(Rc<Arrival>) -> Handler>,
}

impl Endpoint {
    /// One that takes GET takes HEAD as well.
    pub(crate) fn new<H, F>(method: Method, path: &'static str, answer: H, describe: fn() -> Described) -> Self
    where
        H: Fn(Call) -> F + Clone + 'static,
        F: Future<Output = Answer> + 'static,
    {
        let handler = Box::new(move |arrival| handler(arrival, answer.clone()));
        Self { method, path, describe, handler }
    }
}

/// Gives actix the routes, in their order, and the answers to all other requests.
pub(crate) fn register(config: &mut ServiceConfig, api: &Rc<Api>, endpoints: &[Endpoint]) {
    let arrival =
        |route: &'static str| Rc::new(Arrival { api: Rc::clone(api), route, metrics: api.metrics.of_route(route) });
    let place = |same_path: &[Endpoint]| {
        let (path, allow) = (same_path[0].path, allow(same_path));
        let arrival = arrival(path);
        let methods = same_path.iter().map(|it| (it.method.clone(), (it.handler)(Rc::clone(&arrival)))).collect();
        let refuse = move |call: Call| std::future::ready(Err(method_not_allowed(&call.request, path, &allow)));
        Rc::new(Place::new(path, methods, handler(arrival, refuse)))
    };
    let places = endpoints.chunk_by(|one, other| one.path == other.path).map(place).collect();
    let refuse = |call: Call| std::future::ready(Err(route_not_found(&call)));
    let no_place = Rc::new(handler(arrival(NO_ROUTE), refuse));
    config.service(Front { base: api.surface.base_path.clone(), places, no_place: Rc::clone(&no_place) });
    config.default_service(fn_service(move |request: ServiceRequest| no_place(request, 0..0)));
}

/// All places.
struct Front {
    base: BasePath,
    places: Vec<Rc<Place>>,
    no_place: Rc<Handler>,
}

impl Front {
    fn answer(&self, request: ServiceRequest) -> Answering {
        let found = self.places.iter().find_map(|place| Some((place, place.parameter(&self.base, &request)?)));
        match found {
            Some((place, parameter)) => place.answer(request, parameter),
            None => (self.no_place)(request, 0..0),
        }
    }
}

impl HttpServiceFactory for Front {
    fn register(self, config: &mut AppService) {
        let Self { base, places, no_place } = self;
        let (below, beside): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| place.is_below(API));
        let front = Rc::new(Self { base: base.clone(), places: below, no_place: Rc::clone(&no_place) });
        for prefix in base.places(API) {
            let front = Rc::clone(&front);
            config.register_service(ResourceDef::prefix(prefix), None, fn_service(move |it| front.answer(it)), None);
        }
        let mut serve = |paths: Vec<String>, place: &Rc<Place>| {
            let (place, base) = (Rc::clone(place), base.clone());
            let answer = fn_service(move |request: ServiceRequest| {
                let parameter = place.parameter(&base, &request).unwrap_or_default();
                place.answer(request, parameter)
            });
            config.register_service(ResourceDef::new(paths), None, answer, None);
        };
        for place in &beside {
            serve(base.places(place.path), place);
        }
        // After all others, so that no other request is compared with a regular expression.
        for place in beside.iter().filter(|place| ErrorForm::at(place.path) == ErrorForm::Plain) {
            serve(base.places(place.path).iter().map(|path| with_any_slashes(path)).collect(), place);
        }
        // Below `/api/` only this front answers.
        let rest = ResourceDef::new(base.places("/api/{rest:.*}"));
        config.register_service(rest, None, fn_service(move |it: ServiceRequest| no_place(it, 0..0)), None);
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
    use actix_web::{App, HttpResponse, web};

    use super::*;
    use crate::api::JOBS;
    use crate::test::{Ports, by, job};
    use crate::{CorsOrigins, Surface};

    fn front(config: &mut ServiceConfig) {
        config.route("/app", web::get().to(|| async { HttpResponse::Ok().body("page") }));
        config.default_service(web::to(|| async { HttpResponse::NotFound().body("front") }));
    }

    #[actix_web::test]
    async fn a_parameter_is_one_segment_that_is_not_empty_and_may_be_encoded() {
        let surface = || Surface::new("/time".to_owned().try_into().unwrap(), CorsOrigins::default());
        for surface in [Surface::default(), surface()] {
            let mut ports = Ports::new();
            ports.jobs.expect_find().returning(|_| Ok(Some(job())));
            let jobs = format!("{}{JOBS}", surface.base_path);
            let service = init_service(crate::app(Api { surface, ..ports.api() })).await;
            let answer = |path: String| {
                let request = by("r", "GET", &path).to_request();
                async { told(call_service(&service, request).await).await }
            };
            for id in [crate::test::JOB.to_owned(), format!("%30{}", &crate::test::JOB[1..])] {
                let (status, body) = answer(format!("{jobs}/{id}")).await;
                assert!(status == 200 && body.contains("Research"), "{id}: {body}");
            }
            for path in ["/", "//", "//time-entries", "/a/", "/a/b", "/a/time-entries/", "/a/b/time-entries", "s"] {
                let (status, body) = answer(format!("{jobs}{path}")).await;
                assert!(status == 404 && body.contains("route-not-found"), "{path}: {body}");
            }
            let (status, body) = answer(format!("{jobs}/a")).await;
            assert!(status == 422 && body.contains(r#""parameter":"id""#), "{status} {body}");
        }
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
            let (status, body) = answer(TestRequest::with_uri("/api")).await;
            assert!(status == 404 && body.contains(stray), "it is not below /api/: {body}");
            let (status, body) = answer(TestRequest::with_uri("/api/v1/job")).await;
            assert!(status == 404 && body.contains("route-not-found"), "below /api/ the API answers: {body}");
            let (status, body) = answer(TestRequest::with_uri("/api/wakatime/v2")).await;
            assert!(status == 404 && body.starts_with(r#"{"error":"#), "in the form of its clients: {body}");
        }
    }
}
