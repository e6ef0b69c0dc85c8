//! A Postgres of one test, which the test may configure, stop, make a standby, and promote.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use stint_adapters::postgres::test_database::PgConnection;
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
    /// A new server that is not running yet. It lets everybody in.
    pub(super) fn new() -> Self {
        let cluster = Self::down();
        let initdb = ["--username", "stint", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"];
        let made = as_owner("initdb").args(initdb).arg("--pgdata").arg(cluster.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster
    }

    /// A new server with these settings, running.
    pub(super) fn started(settings: &[&str]) -> Self {
        let mut cluster = Self::new();
        cluster.start(settings);
        cluster
    }

    fn down() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        give_to_owner(folder.path());
        Self { port, folder, child: None }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of its socket.
    pub(super) fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file into its folder of data, readable only for the server.
    pub(super) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.data().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        give_to_owner(&file);
    }

    /// Another server with a copy of this one's data, which is a standby. This one must be stopped.
    pub(super) fn standby(&self) -> Self {
        assert!(self.child.is_none(), "a server that runs cannot be copied");
        let copy = Self::down();
        assert!(Command::new("cp").arg("-a").arg(self.data()).arg(copy.data()).status().unwrap().success());
        copy.demote();
        copy
    }

    /// Makes it a standby from its next start on.
    pub(super) fn demote(&self) {
        self.put("standby.signal", "");
    }

    /// Makes a running standby the primary.
    pub(super) fn promote(&self) {
        self.connection().batch_execute("SELECT pg_promote()").unwrap();
    }

    pub(super) fn start(&mut self, settings: &[&str]) {
        let mut command = as_owner("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "fsync=off", "-c"]);
        command.arg(format!("unix_socket_directories={}", self.socket().display()));
        for setting in settings {
            command.args(["-c", setting]);
        }
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        self.child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let start = Instant::now();
        // The last line of this file says when it takes connections.
        let is_ready =
            || std::fs::read_to_string(self.data().join("postmaster.pid")).is_ok_and(|text| text.contains("ready"));
        while !is_ready() {
            assert!(start.elapsed() < PATIENCE, "the server does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Stops it: with `INT` as an administrator does, with `QUIT` as in a crash.
    pub(super) fn stop(&mut self, signal: &str) {
        let mut child = self.child.take().unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        child.wait().unwrap();
    }

    pub(super) fn url(&self) -> String {
        self.url_of("stint", "")
    }

    /// A URL for a user, with these parameters.
    pub(super) fn url_of(&self, user: &str, parameters: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres?{parameters}", self.port)
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

fn give_to_owner(path: &Path) {
    if is_root() {
        assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
    }
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
