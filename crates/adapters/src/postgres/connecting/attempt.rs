//! One attempt to log in at one address, with TLS or without, as `sslmode` has it.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};

use super::Driver;
use super::error::{Cause, Failure};
use super::fitting::Wanted;
use super::hosts::{Address, Host};
use super::password_file::{self, Login};
use super::target::Target;
use super::tls::{Connector, Mode, Stage};

/// A failure, and how far it had come with TLS.
type Refused = (Cause, Stage);

impl Target {
    /// Logs in. Failures are added to the list: there may be two, one with TLS and one without.
    pub(super) async fn attempt(
        &self,
        host: &Host,
        address: &Address,
        wanted: Wanted,
        failures: &mut Vec<Failure>,
    ) -> Option<(Client, Driver)> {
        let mut way = match (address, self.tls.mode) {
            // The server has no TLS on sockets, and libpq asks for none.
            (Address::Folder(_), _) | (_, Mode::Disable | Mode::Allow) => SslMode::Disable,
            (_, Mode::Prefer) => SslMode::Prefer,
            (_, Mode::Require | Mode::VerifyCa | Mode::VerifyFull) => SslMode::Require,
        };
        loop {
            let (cause, stage) = match self.log_in(host, address, way, wanted).await {
                Ok(connected) => return Some(connected),
                Err(refused) => refused,
            };
            let is_remote = matches!(address, Address::Ip(_));
            let other = match (self.tls.mode, way) {
                (Mode::Allow, SslMode::Disable) if is_remote && cause.is_login() => Some(SslMode::Require),
                (Mode::Prefer, SslMode::Prefer) if stage == Stage::Failed => Some(SslMode::Disable),
                (Mode::Prefer, SslMode::Prefer) if stage == Stage::Made && cause.is_login() => Some(SslMode::Disable),
                _ => None,
            };
            failures.push(Failure { place: host.place(address), cause });
            way = other?;
        }
    }

    async fn log_in(
        &self,
        host: &Host,
        address: &Address,
        way: SslMode,
        wanted: Wanted,
    ) -> Result<(Client, Driver), Refused> {
        let mut config = self.config.clone();
        config.port(host.port).ssl_mode(way).ssl_negotiation(self.tls.negotiation);
        let connector = match address {
            Address::Folder(folder) => {
                config.host_path(folder);
                Connector::default()
            }
            Address::Ip(ip) => {
                let name = host.name.clone().unwrap_or_else(|| ip.to_string());
                let connector = match way {
                    SslMode::Disable => Connector::default(),
                    _ => self.connector(&name, *ip).await.map_err(|cause| (cause, Stage::Failed))?,
                };
                config.host(name).hostaddr(*ip);
                connector
            }
        };
        let from_file = self.set_password(&mut config, host).await;
        let progress = connector.progress();
        let failed = |cause| (cause, progress.stage());
        // On the heap, because it is large.
        let (client, mut driver) = Box::pin(config.connect(connector)).await.map_err(|error| {
            let mut cause = Cause::from(error);
            if let (true, Cause::Refused { message, .. }) = (from_file && cause.is_login(), &mut cause) {
                message.push_str(" (with the password of the password file)");
            }
            failed(cause)
        })?;
        wanted.check(&client, &mut driver).await.map_err(failed)?;
        Ok((client, driver))
    }

    /// What makes a TLS connection. Its files are read on a thread that may block.
    async fn connector(&self, name: &str, ip: IpAddr) -> Result<Connector, Cause> {
        let (tls, name) = (Arc::clone(&self.tls), name.to_owned());
        let made = spawn_blocking(move || tls.connector(&name, ip).map_err(|error| error.to_string())).await;
        made.unwrap_or_else(|error| Err(error.to_string())).map_err(Cause::Other)
    }

    /// Sets the password, and tells whether it is of the password file, which is read on a thread that may block.
    async fn set_password(&self, config: &mut Config, host: &Host) -> bool {
        if let Some(password) = &self.password {
            config.password(password);
            return false;
        }
        let Some(file) = self.password_file.clone() else { return false };
        let login = Login {
            host: host.name_for_password(),
            port: host.port,
            database: self.database.clone(),
            user: self.user.clone(),
        };
        let found = spawn_blocking(move || password_file::password(&file, &login)).await.ok().flatten();
        if let Some(password) = found.as_ref().filter(|password| !password.is_empty()) {
            config.password(password);
        }
        found.is_some()
    }
}
