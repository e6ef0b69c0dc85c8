//! A Redis of one test, which the test may kill.

use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection};
use stint_adapters::capture::redis::Redis;
use tempfile::TempDir;

use crate::PATIENCE;
use crate::given;

/// A server that writes to the disk before it answers.
pub(super) struct Server {
    pub(super) port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// A running server.
    pub(super) fn started(arguments: &[&str]) -> Self {
        let mut server = Self::down(arguments);
        server.start();
        server
    }

    /// A server that is not started yet: nobody listens at its address.
    pub(super) fn down(arguments: &[&str]) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { port, folder: tempfile::tempdir().unwrap(), arguments, child: None }
    }

    /// Starts it, with the data that it had when it ended.
    pub(super) fn start(&mut self) {
        let program = env::var_os("STINT_TEST_REDIS_SERVER")
            .expect("STINT_TEST_REDIS_SERVER names no redis-server: run the tests with `make test`");
        let child = Command::new(program)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"])
            .args(&self.arguments)
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        // It announces in no other way that it is ready.
        while self.answer().is_none() {
            assert!(start.elapsed() < PATIENCE, "the server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn answer(&self) -> Option<String> {
        let mut connection = Client::open(self.url()).unwrap().get_connection().ok()?;
        redis::cmd("PING")
            .query(&mut connection)
            .map_or_else(|error| error.code().map(str::to_owned), Some)
            .filter(|answer| answer != "LOADING")
    }

    /// As the kernel does to a process that takes too much memory.
    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(super) fn queue(&self) -> Redis {
        Redis::open(&given::redis(self.url())).unwrap()
    }

    pub(super) fn connection(&self) -> Connection {
        Client::open(self.url()).unwrap().get_connection().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
