//! The listener for requests: a TCP address, a Unix socket, or a socket of either kind from the service manager.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use actix_web::dev::Server;
use anyhow::{Context, Result, bail};
use stint_web::Api;

use super::handover::Handover;
use super::inherited;
use crate::server::{self, Counted, ServerSettings, Socket};
use crate::settings::{HttpSettings, Listen, SocketMode};

/// A bound listener.
pub(super) struct Listener {
    /// With the port that the system chose, if the setting is port 0.
    pub(super) address: Listen,
    /// The socket's file, when it is ours.
    file: Option<PathBuf>,
    pub(super) handover: Handover,
}

impl Listener {
    /// Removes the socket's file. A file that is left behind does no harm: the next start replaces it.
    pub(super) fn remove(&self) {
        if let Some(path) = &self.file
            && let Err(error) = fs::remove_file(path)
        {
            tracing::warn!(%error, path = %path.display(), "cannot remove the socket");
        }
    }
}

/// Binds the listener, unless one was inherited, and makes the server on it.
pub(super) fn server(
    settings: &HttpSettings,
    inherited: Option<Socket>,
    counted: Counted,
    api: Api,
) -> Result<(Server, Listener)> {
    let failed = || format!("cannot listen on {} (http.listen)", settings.listen);
    let (socket, address, file) = open(settings, inherited).with_context(failed)?;
    let handover = Handover::of(&socket).with_context(failed)?;
    let of_threads = handover.clone();
    let server = server::server(bounds(settings)?, socket, counted, move || {
        of_threads.join();
        stint_web::app(api.clone())
    });
    Ok((server.with_context(failed)?, Listener { address, file, handover }))
}

/// The socket, its address, and its file if that is ours.
fn open(settings: &HttpSettings, inherited: Option<Socket>) -> Result<(Socket, Listen, Option<PathBuf>)> {
    if let Some(socket) = inherited {
        let address = inherited::address(&socket)?;
        return Ok((socket, address, None));
    }
    match &settings.listen {
        Listen::Tcp(address) => {
            let (socket, address) = Socket::bind(*address)?;
            Ok((socket, Listen::Tcp(address), None))
        }
        Listen::Unix(path) => {
            let socket = bind(path, settings.socket_mode)?;
            Ok((Socket::Unix(socket), settings.listen.clone(), Some(path.clone())))
        }
        Listen::Systemd => bail!("no socket was inherited"),
    }
}

fn bounds(settings: &HttpSettings) -> Result<ServerSettings> {
    let workers = match settings.workers {
        0 => available_parallelism().context("cannot count the processor's cores; set http.workers")?.get(),
        workers => workers,
    };
    Ok(ServerSettings {
        workers,
        max_connections: settings.max_connections.get(),
        header_timeout: settings.header_timeout.0,
        keep_alive: settings.keep_alive.0,
        write_timeout: settings.write_timeout.0,
        shutdown_timeout: settings.shutdown_timeout.as_secs_up(),
    })
}

/// Binds a Unix socket. It replaces a socket file that a dead process left, but no other file.
fn bind(path: &Path, mode: SocketMode) -> Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => bail!("there is a file that is not a socket"),
        Ok(_) if UnixStream::connect(path).is_ok() => bail!("another process listens there"),
        Ok(_) => fs::remove_file(path).context("cannot remove the socket of a dead process")?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let socket = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode.0)).context("cannot set the socket's permissions")?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_the_socket_of_a_dead_process_is_replaced() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("stint.sock");
        let living = bind(&path, SocketMode(0o660)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert_eq!(bind(&path, SocketMode(0o660)).unwrap_err().to_string(), "another process listens there");

        drop(living);
        assert!(path.exists());
        bind(&path, SocketMode(0o600)).unwrap();

        let file = dir.path().join("ledger");
        fs::write(&file, "precious").unwrap();
        assert!(bind(&file, SocketMode(0o660)).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    }
}
