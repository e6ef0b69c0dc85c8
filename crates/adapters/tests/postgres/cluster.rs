//! A Postgres of one test, which the test may stop, make a standby, and promote.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use tempfile::TempDir;

/// A server whose database `postgres` belongs to the test.
pub(super) struct Cluster {
    pub(super) port: u16,
    folder: TempDir,
    child: Option<Child>,
}

/// Longer than a server takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

impl Cluster {
    /// A new, running server.
    pub(super) fn started() -> Self {
        let mut cluster = Self::down();
        let initdb = ["--username", "stint", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"];
        let made = as_owner("initdb").args(initdb).arg("--pgdata").arg(cluster.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster.start();
        cluster
    }

    fn down() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap().success());
        }
        Self { port, folder, child: None }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Another server with a copy of this one's data. This one must be stopped.
    pub(super) fn copied(&self) -> Self {
        assert!(self.child.is_none(), "a server that runs cannot be copied");
        let copy = Self::down();
        assert!(Command::new("cp").arg("-a").arg(self.data()).arg(copy.data()).status().unwrap().success());
        copy
    }

    /// Makes it a standby from its next start on.
    pub(super) fn demote(&self) {
        std::fs::write(self.data().join("standby.signal"), "").unwrap();
        if is_root() {
            let signal = self.data().join("standby.signal");
            assert!(Command::new("chown").arg("postgres").arg(signal).status().unwrap().success());
        }
    }

    /// Makes a running standby the primary.
    pub(super) fn promote(&self) {
        self.connection().batch_execute("SELECT pg_promote()").unwrap();
    }

    pub(super) fn start(&mut self) {
        let child = as_owner("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "unix_socket_directories=", "-c", "max_connections=50"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        // It announces in no other way that it is ready.
        while PgConnection::establish(&self.url()).is_err() {
            assert!(start.elapsed() < PATIENCE, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it: with `INT` as an administrator does, with `QUIT` as in a crash.
    pub(super) fn stop(&mut self, signal: &str) {
        let mut child = self.child.take().unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        child.wait().unwrap();
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://stint@127.0.0.1:{}/postgres", self.port)
    }

    pub(super) fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.url()).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.stop("QUIT");
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// Runs a program of Postgres as another user, because these programs refuse to run as root.
fn as_owner(program: &str) -> Command {
    let folder = std::env::var_os("STINT_TEST_POSTGRES_BIN")
        .expect("STINT_TEST_POSTGRES_BIN names no programs of Postgres: run the tests with `make test`");
    let program = Path::new(&folder).join(program);
    // The current folder may be one that the other user cannot enter.
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        let postgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "QUIT", "--"];
        command.args(postgres).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}
