//! What happens around every handler, including unknown routes and wrong methods.
//!
//! A request gets an id and a time limit. Its answer gets the id and a few headers, and is logged and counted. A
//! handler that panics or takes too long is answered with a problem like any other. This is one function around the
//! handler and not a chain of middlewares: each of those would allocate for each request, and none could look at the
//! request after a time-out.

#[cfg(test)]
mod log_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use log_tests::Lines;

use std::cell::{Cell, OnceCell};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use futures::FutureExt;
use stint_domain::access::services::AuthenticateError;
use stint_domain::access::{Capturer, Principal, Scopes, TokenKind};
use stint_domain::people::services::ClientAddress;
use stint_domain::values::IdError;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::auth::{Credential, Needed, Sender};
use crate::base_path::BasePath;
use crate::body::{Body, Terms};
use crate::excerpt::Excerpt;
use crate::media::Media;
use crate::metrics::{NO_ROUTE, RouteMetrics};
use crate::problem::{Code, ErrorForm, Errors, FieldError, Problem};
use crate::{Api, body, pieces, request_id};

/// What a handler returns.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// One request, as handlers see it. They ask in the order in which it may be refused: who, which resource, what.
pub(crate) struct Call {
    pub(crate) api: Rc<Api>,
    pub(crate) request: HttpRequest,
    /// Where the parameter stands in its path.
    parameter: Range<usize>,
    context: Rc<Context>,
}

/// What is known of a request besides the request itself.
struct Context {
    id: String,
    deadline: Instant,
    principal: OnceCell<Rc<Principal>>,
    /// The body, until it is read to its end.
    payload: Cell<Option<Payload>>,
}

impl Context {
    fn sender(&self) -> Sender {
        self.principal.get().map(|principal| principal.token)
    }
}

impl Call {
    /// Who is acting, if they have what is needed.
    pub(crate) async fn principal(&self, needed: impl Needed) -> Result<Rc<Principal>, Problem> {
        let principal = Rc::new(Credential::of(&self.request, &self.api.surface)?.principal(&self.api).await?);
        // Kept before it may be refused, so that the log names it.
        let principal = self.context.principal.get_or_init(|| principal);
        needed.of(principal)?;
        Ok(Rc::clone(principal))
    }

    /// Who sends pings with this secret. Whatever is wrong with the secret, the answer is `refused`.
    pub(crate) async fn capturer(&self, secret: &str, refused: fn() -> Problem) -> Result<Capturer, Problem> {
        let capturer = self.api.access.authenticator.authenticate_capture(secret).await;
        let capturer = capturer.map_err(|error| match error {
            AuthenticateError::Backend(error) => error.into(),
            AuthenticateError::Malformed(_) | AuthenticateError::Unknown | AuthenticateError::Refused(_) => refused(),
        })?;
        let Capturer { token, subject, .. } = &capturer;
        let principal = || {
            let (token, subject) = (*token, subject.clone());
            Rc::new(Principal { token, kind: TokenKind::Capture, subject, person: None, scopes: Scopes::CAPTURE })
        };
        // Kept so that the log names it.
        self.context.principal.get_or_init(principal);
        Ok(capturer)
    }

    /// The parameter of the path.
    pub(crate) fn parameter(&self) -> &str {
        self.request.match_info().as_str().get(self.parameter.clone()).unwrap_or_default()
    }

    /// The `{id}` of the path.
    pub(crate) fn id<T: FromStr<Err = IdError>>(&self) -> Result<T, Problem> {
        let text = self.parameter();
        text.parse().map_err(|error| {
            let mut errors = Errors::default();
            errors.push(FieldError::of("id", format!("{error}, got {}", Excerpt(text))));
            errors.into_problem()
        })
    }

    /// The body, with one of the media types of `media` and at most `limit` bytes. It can be read once.
    pub(crate) async fn body(&self, media: Media, limit: usize) -> Result<Body, Problem> {
        media.check(self.request.headers())?;
        self.body_of_any_type(limit).await
    }

    /// The body, whatever its media type. It can be read once.
    pub(crate) async fn body_of_any_type(&self, limit: usize) -> Result<Body, Problem> {
        let (deadline, sender) = (self.context.deadline, self.context.sender());
        let terms = Terms { limit, deadline, sender, budget: self.api.bodies.clone() };
        let mut payload = self.context.payload.take().unwrap_or(Payload::None);
        let body = body::read(&self.request, &mut payload, terms).await;
        if body.is_err() {
            self.context.payload.set(Some(payload));
        }
        let body = body?;
        // Checked while the body's room is held: few requests can be between this check and their answers.
        self.api.bodies.answers().admit(sender)?;
        Ok(body)
    }

    /// Where the request comes from. Whoever connects to a Unix socket without saying more counts as this host.
    pub(crate) fn client(&self) -> ClientAddress {
        let address = self.api.surface.proxies.client(&self.request);
        address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).into()
    }

    /// What every URL begins with.
    pub(crate) fn base_path(&self) -> &BasePath {
        &self.api.surface.base_path
    }

    /// The request's path without the base path.
    pub(crate) fn path(&self) -> &str {
        self.base_path().below(self.request.path())
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }
}

/// Where requests arrive: their route's pattern, and what is measured there.
pub(crate) struct Arrival {
    pub(crate) api: Rc<Api>,
    pub(crate) route: &'static str,
    pub(crate) metrics: RouteMetrics,
}

/// Answers one request with `handler`.
pub(crate) async fn exchange<F: Future<Output = Answer>>(
    arrival: Rc<Arrival>,
    request: HttpRequest,
    parameter: Range<usize>,
    payload: Payload,
    handler: impl FnOnce(Call) -> F,
) -> HttpResponse {
    let Arrival { api, route, metrics } = &*arrival;
    let route = *route;
    let started = Instant::now();
    let context = Rc::new(Context {
        id: request_id::of(&request, api.ids.as_ref()),
        deadline: started + api.limits.request_timeout,
        principal: OnceCell::new(),
        payload: Cell::new(Some(payload)),
    });
    // Only a route's pattern is always spelt in the same way.
    let errors = ErrorForm::at(if route == NO_ROUTE { api.surface.base_path.below(request.path()) } else { route });
    let span = tracing::info_span!("request", request_id = context.id);
    let answering = async {
        let _in_flight = api.metrics.enter();
        let mut watch = Watch { api, route, context: &context, answered: false };
        let call = Call { api: Rc::clone(api), request: request.clone(), parameter, context: Rc::clone(&context) };
        let answer = match api.surface.cors.preflight(&request) {
            Some(allowed) => Ok(allowed),
            None => bounded(handler(call), api, context.deadline).await,
        };
        let (answers, reader) = (api.bodies.answers(), context.sender());
        let fitting = |response| {
            if request.method().is_safe() {
                pieces::of_told(response, answers, reader)
            } else {
                Ok(pieces::of(response, answers, reader))
            }
        };
        let mut response = answer.and_then(fitting).unwrap_or_else(|problem| {
            problem.log();
            let sees = context.principal.get().is_some_and(|principal| principal.reads().is_ok());
            let problem = if sees { problem } else { problem.without_read() };
            pieces::of(problem.respond(errors, &context.id, api.show_causes), answers, reader)
        });
        finish(response.headers_mut(), &context.id);
        api.surface.cors.finish(request.headers(), response.headers_mut());
        if let Some(payload @ (Payload::H1 { .. } | Payload::Stream { .. })) = context.payload.take() {
            response = body::keep_unread(response, payload);
        }
        let duration = started.elapsed();
        metrics.answered(request.method(), response.status(), duration);
        log_access(&request, route, &response, duration, &context);
        watch.answered = true;
        response
    };
    answering.instrument(span).await
}

/// Notices that a caller goes away and the handler is dropped. A write that was handed to a port may still happen, so
/// the log must name the request.
struct Watch<'a> {
    api: &'a Api,
    route: &'static str,
    context: &'a Context,
    answered: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.api.metrics.abandoned();
            let token = self.context.principal.get().map(|principal| tracing::field::display(principal.token));
            tracing::info!(target: "stint::access", route = self.route, token, "abandoned");
        }
    }
}

/// The handler's answer, or a problem if it panicked or took too long.
async fn bounded(handler: impl Future<Output = Answer>, api: &Api, deadline: Instant) -> Answer {
    // Unwind safety: handlers share only the ports, which keep their own state valid.
    match timeout_at(deadline, AssertUnwindSafe(handler).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            tracing::error!(message, "a handler panicked");
            Err(Problem::internal())
        }
        Err(_elapsed) => {
            let limit = api.limits.request_timeout;
            tracing::warn!(?limit, "a handler took too long");
            let detail =
                format!("the request was not answered within {limit:?}; a write may have happened all the same");
            Err(Problem::new(Code::Timeout, detail))
        }
    }
}

/// Adds the headers that every answer has.
fn finish(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(request_id::HEADER, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// One line per request. It names the route's pattern and not the path: what callers put into a URL stays out of logs.
///
/// Pings (202) and good health are logged at `debug`. There may be ten thousand pings a second, a line costs a third of
/// such a request, and pings are listed elsewhere; machines ask for health all day long.
fn log_access(request: &HttpRequest, route: &str, response: &HttpResponse, duration: Duration, context: &Context) {
    macro_rules! log {
        ($level:ident) => {{
            let principal = context.principal.get();
            tracing::$level!(
                target: "stint::access",
                method = request.method().as_str(),
                route,
                status = response.status().as_u16(),
                duration_ms = duration.as_secs_f64() * 1000.0,
                subject = principal.map(|principal| principal.subject.as_str()),
                token = principal.map(|principal| tracing::field::display(principal.token)),
                "answered"
            );
        }};
    }
    let of_health = matches!(route, "/healthz" | "/readyz");
    if response.status() == StatusCode::ACCEPTED || of_health && response.status() == StatusCode::OK {
        log!(debug);
    } else {
        log!(info);
    }
}
