//! A Redis for one test, which may kill it: append-only, and every write is on the disk before it is answered.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::until;

pub(super) struct Redis {
    port: u16,
    server: Child,
    folder: TempDir,
}

impl Redis {
    pub(super) fn start() -> Self {
        // This port is free now, and the system will not soon give it to another process.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = TempDir::new().unwrap();
        let server = spawn(port, &folder);
        Self { port, server, folder }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(super) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts again from its file on the disk.
    pub(super) fn restart(&mut self) {
        self.server = spawn(self.port, &self.folder);
    }
}

fn spawn(port: u16, folder: &TempDir) -> Child {
    let program = std::env::var_os("STINT_TEST_REDIS_SERVER").expect("STINT_TEST_REDIS_SERVER names a redis-server");
    let mut server = Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("Redis listens", || {
        assert!(server.try_wait().unwrap().is_none(), "no Redis");
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    server
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
