//! What tokio-postgres needs to speak TLS through rustls. It connects without TLS through the same types, so that every
//! connection is of one type.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::{TlsConnector, client};

use super::binding::end_point;

/// Makes one TLS connection, or none if it has nothing to make it with.
#[derive(Clone, Default)]
pub(crate) struct Connector {
    tls: Option<(TlsConnector, ServerName<'static>)>,
    progress: Progress,
}

/// How far a connector has come with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// The server was not asked, or has no TLS.
    #[default]
    Without,
    /// The server offered TLS, but there is no connection with it.
    Failed,
    Made,
}

/// Tells the stage after the connector itself was used up.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<Stage>>);

/// A connection with TLS.
pub(crate) struct Stream(Box<client::TlsStream<Socket>>);

impl Connector {
    pub(super) fn new(config: ClientConfig, name: ServerName<'static>) -> Self {
        Self { tls: Some((TlsConnector::from(Arc::new(config)), name)), progress: Progress::default() }
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Progress {
    pub(crate) fn stage(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = Stream;
    type TlsConnect = Self;
    type Error = io::Error;

    fn make_tls_connect(&mut self, _: &str) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl TlsConnect<Socket> for Connector {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        self.progress.set(Stage::Failed);
        Box::pin(async move {
            let Some((connector, name)) = self.tls else {
                // Never happens: such a connector is given to connections without TLS.
                return Err(io::Error::new(io::ErrorKind::Unsupported, "this connection is one without TLS"));
            };
            let stream = connector.connect(name, socket).await?;
            self.progress.set(Stage::Made);
            Ok(Stream(Box::new(stream)))
        })
    }
}

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        let certificates = self.0.get_ref().1.peer_certificates();
        match certificates.and_then(<[_]>::first).and_then(|certificate| end_point(certificate)) {
            Some(hash) => ChannelBinding::tls_server_end_point(hash),
            None => ChannelBinding::none(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
