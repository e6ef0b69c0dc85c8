//! The providers of the tests, as processes on the loopback interface: npm's `oidc-provider`, which nobody here wrote,
//! and a stand-in that signs whatever it is told to.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::PATIENCE;

/// Where people reach the service: browsers here follow it to the service's own address.
pub(super) const HOME: &str = "https://time.example.org";

/// A provider that runs until this is dropped. It ends with its standard input, too, so it outlives no killed test.
pub(super) struct Provider {
    pub(super) issuer: String,
    child: Child,
    _stdin: ChildStdin,
    /// It may say more later, and would end if nobody could hear it.
    _stdout: BufReader<ChildStdout>,
}

impl Provider {
    /// npm's provider, which signs identity tokens with this algorithm.
    pub(super) fn real(algorithm: &str) -> Self {
        Self::start(&["provider.mjs", HOME, algorithm])
    }

    /// The stand-in, on this port; on a free one, if it is 0.
    pub(super) fn stand_in(port: u16) -> Self {
        Self::start(&["stand_in.mjs", &port.to_string()])
    }

    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.args(arguments).current_dir(installed()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("node runs; `infra/dev/require node` installs it");
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut stdout, mut issuer) = (BufReader::new(stdout), String::new());
        stdout.read_line(&mut issuer).unwrap();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{arguments:?} said `{issuer}`");
        Self { issuer: issuer.trim_end().to_owned(), child, _stdin: stdin, _stdout: stdout }
    }

    pub(super) fn port(&self) -> u16 {
        self.issuer.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The answer of one of our own routes beside the provider's.
    pub(super) async fn ask(&self, target: &str) -> Value {
        let client = awc::Client::builder().timeout(PATIENCE).finish();
        let mut answer = client.post(format!("{}{target}", self.issuer)).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder with the provider's packages.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/oidc-provider/install");
    let installed = Command::new(install).arg(&folder).output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    folder
}
