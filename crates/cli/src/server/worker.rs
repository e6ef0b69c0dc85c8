//! What the connections of one HTTP thread share, and how a new one is let in.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_web::rt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::counted::Counted;
use super::places::Places;
use super::socket::Transport;
use super::stream::Stream;

/// How long a client that is not let in may take to read why.
const FAREWELL: Duration = Duration::from_secs(1);
/// How much of what it sends meanwhile is read, so that the connection ends in order.
const HEARD: usize = 64 * 1024;
/// Clients that may take that time at once on each thread. Those beyond are told and left: who waited for them would let
/// nobody in meanwhile.
const FAREWELLS: usize = 32;
/// Connections on each thread beside those that have a place.
pub(super) const BESIDE: usize = 2 * FAREWELLS;

/// One thread's share.
pub(super) struct Worker {
    places: Rc<Places>,
    pub(super) counted: Counted,
    pub(super) write_timeout: Duration,
    stopping: Cell<bool>,
    farewells: Cell<usize>,
}

impl Worker {
    /// Connections that are stuck are given up soon once `stop` is there.
    pub(super) fn new(
        places: usize,
        counted: Counted,
        write_timeout: Duration,
        stop: impl Future<Output = ()> + 'static,
    ) -> Rc<Self> {
        let worker = Rc::new(Self {
            places: Places::new(places),
            counted,
            write_timeout,
            stopping: Cell::new(false),
            farewells: Cell::new(0),
        });
        let told = Rc::clone(&worker);
        rt::spawn(async move {
            stop.await;
            told.stopping.set(true);
            told.places.wake_all();
        });
        worker
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Lets a connection in, or tells it that there are too many.
    pub(super) async fn admit<T: Transport>(self: Rc<Self>, io: T) -> Result<Stream<T>, DispatchError> {
        io.prepare().map_err(DispatchError::Io)?;
        if let Some(place) = self.places.take() {
            return Ok(Stream::new(io, place, self));
        }
        self.counted.refused();
        self.farewells.update(|farewells| farewells + 1);
        let patience = if self.farewells.get() > FAREWELLS { Duration::ZERO } else { FAREWELL };
        // Whether it hears that is its own affair.
        let _ = timeout(patience, turn_away(io)).await;
        self.farewells.update(|farewells| farewells - 1);
        Err(DispatchError::Io(ErrorKind::ConnectionAborted.into()))
    }

    /// Sees how a connection ended. That clients go away, or send no HTTP, is no fault of the service's.
    pub(super) fn ended(&self, error: &DispatchError) {
        match error {
            DispatchError::Parse(_) => self.counted.malformed.seen(),
            DispatchError::Service(_)
            | DispatchError::Body(_)
            | DispatchError::Upgrade
            | DispatchError::InternalError => {
                tracing::error!(%error, "a connection failed");
            }
            other => tracing::debug!(error = %other, "a connection ended early"),
        }
    }
}

async fn turn_away(mut io: impl Transport) -> io::Result<()> {
    let body = stint_web::too_many_connections();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         retry-after: 1\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        body.len()
    );
    io.write_all(&[head.as_bytes(), &body].concat()).await?;
    io.shutdown().await?;
    let (mut buffer, mut taken) = ([0; 1024], 0);
    while taken < HEARD {
        match io.read(&mut buffer).await? {
            0 => break,
            more => taken += more,
        }
    }
    Ok(())
}
