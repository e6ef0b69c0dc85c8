//! Fetching from the provider, on a thread of its own: `awc` stays on the thread on which it began.
//!
//! Every fetch has limits of time and of size, follows no redirect, and few run at the same time.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use stint_domain::BackendError;
use stint_domain::people::ports::identity_provider::ProviderError;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

use super::failure::{internal, unavailable};
use crate::root_certificates;

/// How long a fetch may take, with its connection.
const TIME: Duration = Duration::from_secs(4);
/// The most bytes of an answer.
const BYTES: usize = 256 << 10;
/// How many fetches run at the same time.
const AT_ONCE: usize = 8;
/// How many more may wait.
const WAITING: usize = 64;

/// What is to be fetched.
pub(super) enum Fetch {
    Get(String),
    /// A POST of a form.
    Form {
        url: String,
        form: String,
        authorization: Option<String>,
    },
}

/// An answer.
pub(super) struct Fetched {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

struct Order {
    fetch: Fetch,
    answer: oneshot::Sender<Result<Fetched, String>>,
}

/// The way to the thread. Clones share it.
#[derive(Clone)]
pub(super) struct Http {
    orders: mpsc::Sender<Order>,
}

impl Http {
    /// Starts the thread, which ends with the last clone. With TLS it needs root certificates.
    pub(super) fn start(with_tls: bool) -> Result<Self, BackendError> {
        let tls = if with_tls { Some(Arc::new(tls()?)) } else { None };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(internal)?;
        let (orders, taken) = mpsc::channel(WAITING);
        let serve = move || LocalSet::new().block_on(&runtime, serve(taken, tls));
        thread::Builder::new().name("identity-provider".to_owned()).spawn(serve).map_err(internal)?;
        Ok(Self { orders })
    }

    pub(super) async fn fetch(&self, fetch: Fetch) -> Result<Fetched, ProviderError> {
        let (answer, answered) = oneshot::channel();
        let refused = |_| unavailable("too many requests wait for the provider");
        self.orders.try_send(Order { fetch, answer }).map_err(refused)?;
        match answered.await {
            Ok(fetched) => fetched.map_err(unavailable),
            Err(_gone) => Err(unavailable("the thread that fetches has ended")),
        }
    }
}

fn tls() -> Result<ClientConfig, BackendError> {
    let missing = "there are no root certificates: install ca-certificates, or name their file in SSL_CERT_FILE";
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let file = root_certificates::file(named).ok_or_else(|| internal(missing))?;
    let unreadable = |error: &dyn std::fmt::Display| internal(format!("{}: {error}", file.display()));
    let text = std::fs::read(&file).map_err(|error| unreadable(&error))?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let mut roots = RootCertStore::empty();
    // A file of many may have one that is not understood.
    roots.add_parsable_certificates(certificates.map_err(|error| unreadable(&error))?);
    if roots.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.map_err(internal)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn serve(mut orders: mpsc::Receiver<Order>, tls: Option<Arc<ClientConfig>>) {
    let connector = awc::Connector::new().timeout(TIME);
    let connector = match tls {
        Some(tls) => connector.rustls_0_23(tls),
        None => connector,
    };
    let client = awc::Client::builder().connector(connector).timeout(TIME).disable_redirects().finish();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(Order { fetch, answer }) = orders.recv().await {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let client = client.clone();
        spawn_local(async move {
            let _place = place;
            if answer.is_closed() {
                return;
            }
            let fetched = timeout(TIME, fetched(&client, fetch)).await;
            let fetched = fetched.unwrap_or_else(|_elapsed| Err(format!("no answer within {TIME:?}")));
            // The caller may have gone meanwhile.
            drop(answer.send(fetched));
        });
    }
}

async fn fetched(client: &awc::Client, fetch: Fetch) -> Result<Fetched, String> {
    let accept = ("accept", "application/json");
    let sent = match fetch {
        Fetch::Get(url) => client.get(url).insert_header(accept).send().await,
        Fetch::Form { url, form, authorization } => {
            let request = client.post(url).insert_header(accept);
            let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
            let request = match authorization {
                Some(authorization) => request.insert_header(("authorization", authorization)),
                None => request,
            };
            request.send_body(form).await
        }
    };
    let mut response = sent.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body = response.body().limit(BYTES).await.map_err(|error| error.to_string())?;
    Ok(Fetched { status, body: body.to_vec() })
}
