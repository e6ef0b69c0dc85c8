//! The HTTP server under `stint serve` and under the metrics: actix's, with each connection between bounds of our own.
//!
//! What a connection may hold in memory is bounded here, the kernel's share included; whoever reads nothing is cut off;
//! there is a most of connections; and what actix's parser takes though it is no clean HTTP/1.1 is refused. Deliberately
//! absent: what requests mean, and TLS (a proxy's task).

mod counted;
mod places;
mod requests;
mod socket;
mod stream;
mod worker;

use std::time::Duration;
use std::{fmt, io};

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt;

pub(crate) use self::counted::Counted;
pub(crate) use self::socket::Socket;
use self::socket::Transport;
use self::stream::Stream;
use self::worker::{BESIDE, Worker};
use crate::{memory, telemetry};

/// How long a connection lingers for its client to read an answer to a body that was not read.
const LINGER: Duration = Duration::from_secs(1);
/// How much of an answer is in memory twice, on its way to the kernel.
const WRITE_BUFFER: usize = 16 * 1024;

/// What bounds connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerSettings {
    pub(crate) workers: usize,
    pub(crate) max_connections: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) write_timeout: Duration,
    /// In whole seconds.
    pub(crate) shutdown_timeout: u64,
}

/// A server of what `app` makes, on this socket. It handles no signals.
pub(crate) fn server<F, I, S, B>(
    settings: ServerSettings,
    socket: Socket,
    counted: Counted,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    if let Err(error) = socket.bound(settings.write_timeout) {
        tracing::warn!(%error, "cannot bound what the kernel keeps for connections");
    }
    let places = settings.max_connections.div_ceil(settings.workers);
    let builder = ServerBuilder::new()
        .workers(settings.workers)
        .max_concurrent_connections(places + BESIDE)
        .shutdown_timeout(settings.shutdown_timeout)
        .disable_signals();
    let plan = Plan { settings, places, counted, stop: builder.graceful_shutdown_signal(), app };
    let builder = match socket {
        Socket::Tcp(socket) => builder.listen("http", socket, move || plan.service())?,
        Socket::Unix(socket) => builder.listen_uds("http", socket, move || plan.service())?,
    };
    Ok(builder.run())
}

/// What each thread makes its service from.
#[derive(Clone)]
struct Plan<F> {
    settings: ServerSettings,
    places: usize,
    counted: Counted,
    stop: GracefulShutdownSignal,
    app: F,
}

impl<F> Plan<F> {
    /// What answers the connections of one thread.
    fn service<T, I, S, B>(
        &self,
    ) -> impl ServiceFactory<T, Config = (), Response = (), Error = (), InitError = ()> + use<F, T, I, S, B>
    where
        T: Transport,
        F: Fn() -> I,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        memory::keep_giving_back();
        rt::spawn(telemetry::write_at_ends());
        let stop = self.stop.clone();
        let worker = Worker::new(self.places, self.counted.clone(), self.settings.write_timeout, {
            let stop = stop.clone();
            async move { stop.notified().await }
        });
        let app = (self.app)().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::<Stream<T>, _, B>::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(self.settings.keep_alive)
            .client_request_timeout(self.settings.header_timeout)
            .client_disconnect_timeout(LINGER)
            .h1_write_buffer_size(WRITE_BUFFER)
            .on_connect_ext(|stream: &Stream<T>, data| {
                data.insert(stream.wanted());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        let admitting = worker.clone();
        fn_service(move |io: T| {
            let (peer, admitted) = (io.peer(), admitting.clone().admit(io));
            async move { Ok((admitted.await?, Protocol::Http1, peer)) }
        })
        .and_then(http)
        .map_err(move |error| worker.ended(&error))
    }
}
