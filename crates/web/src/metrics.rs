//! What is counted about requests: how many, how long, how many at once.
//!
//! Labels come from the table of routes and never from a request, so that no caller can add time series.

use std::cell::RefCell;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The label of requests without a route.
pub(crate) const NO_ROUTE: &str = "none";

/// Counters of requests. Cloning is cheap; all clones count together.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    abandoned: Counter,
    bodies_refused: Counter,
    answers_refused: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: &'static str,
}

/// What one thread counts at one route. It keeps the counters that it has found: to find one takes a lock that all threads
/// share.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    route: &'static str,
    requests: Family<RequestLabels, Counter>,
    found: RefCell<Vec<(RequestLabels, Counter)>>,
    durations: Histogram,
}

impl HttpMetrics {
    /// New counters, which `registry` shows as `stint_http_…`.
    pub fn new(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("stint_http");
        let (requests, in_flight) = (Family::default(), Gauge::default());
        let durations = Family::new_with_constructor(buckets as fn() -> Histogram);
        let of_durations = "Time from a request's head to its answer";
        registry.register("requests", "Requests answered", Family::clone(&requests));
        registry.register("request_duration_seconds", of_durations, Family::clone(&durations));
        registry.register("requests_in_flight", "Requests being answered", in_flight.clone());
        let mut counter = |name: &str, about: &str| {
            let counter = Counter::default();
            registry.register(name, about, counter.clone());
            counter
        };
        let of_answers = "Requests refused because too many large answers wait for their readers";
        let abandoned = counter("requests_abandoned", "Requests whose caller went away");
        let bodies_refused = counter("bodies_refused", "Bodies that found no room in http.body_budget");
        let answers_refused = counter("answers_refused", of_answers);
        Self { requests, durations, in_flight, abandoned, bodies_refused, answers_refused }
    }

    /// The counters of one route, for one thread.
    pub(crate) fn of_route(&self, route: &'static str) -> RouteMetrics {
        let durations = self.durations.get_or_create_owned(&RouteLabel { route });
        RouteMetrics { route, requests: self.requests.clone(), found: RefCell::default(), durations }
    }

    /// Counts a request as being answered until the guard is dropped, even if its caller goes away.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// Counts a request whose caller went away.
    pub(crate) fn abandoned(&self) {
        self.abandoned.inc();
    }

    /// Counts bodies that found no room.
    pub(crate) fn bodies_refused(&self) -> Counter {
        self.bodies_refused.clone()
    }

    /// Counts requests that were refused because too many large answers wait.
    pub(crate) fn answers_refused(&self) -> Counter {
        self.answers_refused.clone()
    }
}

impl RouteMetrics {
    pub(crate) fn answered(&self, method: &Method, status: StatusCode, duration: Duration) {
        self.durations.observe(duration.as_secs_f64());
        let labels = RequestLabels { method: label(method), route: self.route, status: status.as_u16() };
        let mut found = self.found.borrow_mut();
        if let Some((_, counter)) = found.iter().find(|(known, _)| *known == labels) {
            counter.inc();
            return;
        }
        let counter = self.requests.get_or_create_owned(&labels);
        counter.inc();
        found.push((labels, counter));
    }
}

pub(crate) struct InFlight<'m>(&'m Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// From half a millisecond to more than the time limit.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(Duration::from_micros(500).as_secs_f64(), 2.0, 16))
}

/// Callers may make up methods; those share one label.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
