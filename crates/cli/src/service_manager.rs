//! Notices to a service manager (`sd_notify(3)`): ready, stopping, status and alive. Without `NOTIFY_SOCKET` none are
//! sent. A notice that cannot be sent is only a warning, because the manager has its own time limits.

mod watchdog;

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use std::{env, io};

use crate::probe::Target;

/// How long the manager may take to read a notice. Managers always read them, so this is for one that hangs.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service manager that started this process, if any.
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// The manager ends a process that sends nothing for this long.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The manager of this process.
    pub(crate) fn of_process() -> Self {
        Self::new(|name| env::var_os(name))
    }

    fn new(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let connect = |name: OsString| {
            connected(&name)
                .inspect_err(|error| tracing::warn!(%error, socket = ?name, "cannot connect to the service manager"))
                .ok()
        };
        let number = |name| variable(name).and_then(|text| text.to_str()?.parse::<u64>().ok());
        let for_us = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| for_us && *usec > 0).map(Duration::from_micros);
        Self { socket: variable("NOTIFY_SOCKET").filter(|name| !name.is_empty()).and_then(connect), watchdog }
    }

    /// Sends the status that `systemctl status` shows.
    pub(crate) fn status(&self, status: &str) {
        self.tell(&format!("STATUS={status}"));
    }

    /// Reports ready once the service answers, then alive as long as it answers.
    pub(crate) async fn follow(&self, service: &Target, status: &str) -> Infallible {
        if self.socket.is_none() {
            return pending().await;
        }
        watchdog::answers(service).await;
        self.ready(status);
        watchdog::beat_while_answering(self, service).await
    }

    /// Reports ready, then alive as long as the event loop runs.
    pub(crate) async fn accompany(&self, status: &str) -> Infallible {
        self.ready(status);
        watchdog::beat(self).await
    }

    /// Reports stopping, then alive: other limits decide how long the end may take.
    pub(crate) async fn see_off(&self, status: &str) -> Infallible {
        self.tell(&format!("STOPPING=1\nSTATUS={status}"));
        watchdog::beat(self).await
    }

    fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    fn tell(&self, words: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(words.as_bytes(), address) {
            tracing::warn!(%error, words, "the service manager did not accept a notice");
        }
    }
}

fn connected(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok((socket, address(name)?))
}

/// A path, or `@` and a name that is no file's.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(name),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "NOTIFY_SOCKET must be a path, or `@` and a name")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tempfile::TempDir;

    use super::*;

    fn manager(variables: &[(&str, &str)]) -> ServiceManager {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        ServiceManager::new(|name| variables.get(name).map(OsString::from))
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut words = [0; 1024];
        let length = socket.recv(&mut words).unwrap();
        String::from_utf8(words[..length].to_vec()).unwrap()
    }

    #[test]
    fn the_manager_is_told_over_a_path_and_over_an_abstract_name() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        manager(&[("NOTIFY_SOCKET", path.to_str().unwrap())]).status("fine");
        assert_eq!(heard(&socket), "STATUS=fine");

        #[cfg(target_os = "linux")]
        {
            let name = format!("@{}", path.display());
            let socket = UnixDatagram::bind_addr(&address(OsStr::new(&name)).unwrap()).unwrap();
            manager(&[("NOTIFY_SOCKET", &name)]).ready("serving");
            assert_eq!(heard(&socket), "READY=1\nSTATUS=serving");
        }
    }

    #[test]
    fn a_manager_that_cannot_be_told_is_no_obstacle() {
        for name in ["/absent/notify", "vsock:2:1", ""] {
            manager(&[("NOTIFY_SOCKET", name)]).status("fine");
        }
        manager(&[]).status("fine");
    }

    #[test]
    fn only_a_watchdog_that_is_meant_for_this_process_counts() {
        let watchdog = |pid: &str| manager(&[("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", pid)]).watchdog;
        assert_eq!(watchdog(&std::process::id().to_string()), Some(Duration::from_secs(3)));
        assert_eq!(watchdog("1"), None);
        assert_eq!(manager(&[("WATCHDOG_USEC", "5000000")]).watchdog, Some(Duration::from_secs(5)));
        assert_eq!(manager(&[("WATCHDOG_USEC", "0")]).watchdog, None);
    }
}
