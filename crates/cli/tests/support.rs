//! The real binary, as users start it: with its own folder and variables, on ports that the system chooses. Nothing
//! here waits for a fixed time. It waits for log lines and for the end of processes, and fails after [`PATIENCE`].

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::Value;
use tempfile::TempDir;

/// Polls until the condition holds, for states that send no event.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The time-out of all waits: far longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// All tasks, by name. Each is turned off unless a test asks for tasks: they would write at their first start, while a
/// test holds the file.
pub(crate) const TASKS: [&str; 5] =
    ["prune_idempotency_keys", "prune_pings", "prune_sessions", "prune_task_runs", "verify_totals"];

/// The setting of a task's times.
pub(crate) fn times_of(task: &str) -> String {
    format!("STINT_TASKS__{}", task.to_uppercase())
}

/// A folder and an environment in which the binary starts. By default a deployment on SQLite without tasks.
pub(crate) struct Stint {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// The result of a command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running `stint serve`, or a worker, which listens only for metrics. It is killed when this is dropped, or when the
/// thread that started it ends.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// The log lines read so far.
    pub(crate) log: Vec<String>,
    /// Its address: `127.0.0.1:PORT` or `unix:/path`.
    pub(crate) listens_on: String,
    pub(crate) metrics: SocketAddr,
}

impl Stint {
    /// On a SQLite file that does not exist yet.
    pub(crate) fn new() -> Self {
        Self::on("sqlite://stint.db")
    }

    /// On this database.
    pub(crate) fn on(database_url: &str) -> Self {
        let variables = [
            ("STINT_DATABASE__URL", database_url),
            ("STINT_HTTP__LISTEN", "127.0.0.1:0"),
            ("STINT_METRICS__LISTEN", "127.0.0.1:0"),
            ("STINT_WORKER__METRICS_LISTEN", "127.0.0.1:0"),
            ("STINT_LOG__FORMAT", "json"),
        ];
        let set = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = set.chain(TASKS.map(|task| (times_of(task), String::new()))).collect();
        Self { folder: TempDir::new().unwrap(), variables }
    }

    /// With every task at its own times.
    pub(crate) fn with_tasks(mut self) -> Self {
        for task in TASKS {
            self = self.unset(&times_of(task));
        }
        self
    }

    /// On a migrated database.
    pub(crate) fn migrated(self) -> Self {
        self.run(&["migrate"]).succeeded();
        self
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A connection beside the service's. It waits for the service's writes.
    pub(crate) fn sqlite(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.path("stint.db").to_str().unwrap()).unwrap();
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis())).unwrap();
        connection
    }

    /// A command that sees only these settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(dying_with_us(), arguments)
    }

    /// The same without the guard, which needs other programs.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_stint")), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_heard(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.envs(&self.variables);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments))
    }

    /// The secret of a new token.
    pub(crate) fn token(&self, scopes: &str) -> String {
        self.run(&["token", "create", "--name", "test", "--scopes", scopes]).succeeded().trim_end().to_owned()
    }

    /// Starts the service, and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.command(&["serve"]))
    }

    /// Starts a worker, and waits until it works.
    pub(crate) fn work(&self) -> Server {
        let mut worker = Server::spawn(self.command(&["worker"]));
        worker.metrics = worker.logged("working")["metrics"].as_str().unwrap().parse().unwrap();
        worker
    }
}

/// Whether the binary reads this variable.
fn is_heard(name: &str) -> bool {
    let of_managers =
        ["CREDENTIALS_DIRECTORY", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];
    name.starts_with("STINT_") || of_managers.contains(&name)
}

/// The binary. Where the system supports it, the process dies with the thread that starts it, because a killed test
/// drops nothing.
fn dying_with_us() -> Command {
    static SETPRIV: OnceLock<bool> = OnceLock::new();
    let probe = || Command::new("setpriv").args(["--pdeathsig", "KILL", "true"]).status().is_ok_and(|s| s.success());
    let binary = env!("CARGO_BIN_EXE_stint");
    if !*SETPRIV.get_or_init(probe) {
        return Command::new(binary);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", binary]);
    command
}

impl Ended {
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Its output on stdout.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.stdout
    }

    /// Its error, which must be one line on stderr, with nothing on stdout.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert_eq!((self.status, self.stdout.as_str()), (1, ""), "{self:?}");
        let complaints: Vec<_> = self.stderr.lines().filter_map(|line| line.strip_prefix("stint: ")).collect();
        assert!(complaints.len() == 1 && self.stderr.ends_with(&format!("{}\n", complaints[0])), "{self:?}");
        complaints[0].to_owned()
    }
}

impl Server {
    pub(crate) fn start(command: Command) -> Self {
        let mut server = Self::spawn(command);
        let listening = server.logged("listening");
        listening["address"].as_str().unwrap().clone_into(&mut server.listens_on);
        server.metrics = listening["metrics"].as_str().unwrap().parse().unwrap();
        server
    }

    /// A process that logs, without an address.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        // This thread ends when the process closes its end of the pipe; then the channel is closed too.
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        Self { child, lines, log: Vec::new(), listens_on: String::new(), metrics: unknown }
    }

    /// The process.
    #[cfg(target_os = "linux")]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The TCP address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listens_on.parse().unwrap()
    }

    /// Waits for the next line of the JSON log with this message.
    #[track_caller]
    pub(crate) fn logged(&mut self, message: &str) -> Value {
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(error) => panic!("the server never logged `{message}` ({error}):\n{}", self.log.join("\n")),
            };
            self.log.push(line.clone());
            if let Ok(line) = serde_json::from_str::<Value>(&line)
                && line["message"] == message
            {
                return line;
            }
        }
    }

    /// Waits for the next line of the log that is like this.
    #[cfg(feature = "system-tests")]
    #[track_caller]
    pub(crate) fn line(&mut self, is_wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => line,
                Err(error) => panic!("the server never wrote such a line ({error}):\n{}", self.log.join("\n")),
            };
            self.log.push(line.clone());
            if is_wanted(&line) {
                return line;
            }
        }
    }

    /// The content of this file of the process in `/proc`.
    #[cfg(target_os = "linux")]
    pub(crate) fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    /// The value of a metric, or 0 if there is none with this name and these labels yet.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = get(TcpStream::connect(self.metrics).unwrap(), "/metrics", "");
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        // The shell's built-in `kill`: not every system has it as a program.
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end, and reads the rest of the log.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.log.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the server did not end:\n{}", self.log.join("\n")),
            }
        }
    }

    /// The answer, head and body, to a GET on a connection of its own.
    pub(crate) fn get(&self, target: &str, token: &str) -> String {
        get(self.connection(), target, token)
    }

    /// The answer, head and body, to a POST of JSON on a connection of its own.
    pub(crate) fn post(&self, target: &str, token: &str, body: &str) -> String {
        let head =
            format!("POST {target} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
        exchange(self.connection(), &head, token, body)
    }

    fn connection(&self) -> TcpStream {
        TcpStream::connect(self.address()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer, head and body, to a GET over a stream.
pub(crate) fn get(stream: impl Read + Write, target: &str, token: &str) -> String {
    exchange(stream, &format!("GET {target} HTTP/1.1"), token, "")
}

fn exchange(mut stream: impl Read + Write, head: &str, token: &str, body: &str) -> String {
    let request = format!("{head}\r\nHost: stint\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
