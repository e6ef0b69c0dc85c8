//! The real `wakatime` command, as editor plugins run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::capture::until_total;
use super::ledger::{id, text};
use super::service::Service;
use super::until::until;

/// The command, with its Python environment and a home folder of its own.
struct Client {
    environment: PathBuf,
    folder: TempDir,
    key: String,
}

impl Client {
    fn install(key: String) -> Self {
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wakatime");
        let installed = Command::new(tool("install")).arg(&environment).output().unwrap();
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let folder = TempDir::new().unwrap();
        // It reports only files that exist.
        fs::write(folder.path().join("main.rs"), "fn main() {}\n").unwrap();
        Self { environment, folder, key }
    }

    /// Its exit status.
    fn run(&self, service: &Service, arguments: &[&str]) -> i32 {
        let url = format!("http://{}/api/wakatime/v1/users/current/heartbeats.bulk", service.api.address());
        let settings = format!("[settings]\napi_key = {}\napi_url = {url}\nhostname = laptop\n", self.key);
        fs::write(self.folder.path().join(".wakatime.cfg"), settings).unwrap();
        let mut command = Command::new(tool("run"));
        command.arg(&self.environment).arg(self.folder.path()).args(arguments);
        command.output().unwrap().status.code().unwrap()
    }

    /// The exit status of a heartbeat in `project` at this second.
    fn beat(&self, service: &Service, project: &str, at: u64) -> i32 {
        let file = self.folder.path().join("main.rs").display().to_string();
        self.run(service, &["--entity", &file, "--project", project, "--time", &at.to_string()])
    }
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/wakatime").join(name)
}

/// It keeps heartbeats that it could not send while the service was down, and sends them later.
#[actix_web::test]
async fn the_wakatime_command_logs_time_under_its_project_offline_queue_included() {
    const NETWORK: i32 = 102;
    let mut service = Service::on_sqlite();
    let token = json!({ "name": "editor", "creates_jobs": true });
    let token = service.api.post("/capture-tokens", &token).await.expect(201).json();
    let client = Client::install(text(&token, "secret"));
    // Yesterday at noon (UTC), so that no midnight comes between, whenever this runs.
    let noon = (std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400 - 1) * 86_400 + 43_200;
    for at in [0, 300, 600] {
        assert_eq!(client.beat(&service, "stint", noon + at), 0);
    }
    let job = until("a job is made", async || service.api.all("/jobs").await.pop()).await;
    assert_eq!(text(&job, "name"), "stint");
    until_total(&service.api, &id(&job), 10).await;

    service.signal("TERM");
    assert!(service.ended().success());
    for at in [1_200, 1_500] {
        assert_eq!(client.beat(&service, "stint", noon + at), NETWORK);
    }
    service.restart();
    assert_eq!(client.run(&service, &["--sync-offline-activity", "100"]), 0);
    until_total(&service.api, &id(&job), 25).await;
    // A repeated heartbeat counts once.
    assert_eq!(client.beat(&service, "stint", noon + 1_500), 0);
    assert_eq!(client.beat(&service, "stint", noon + 1_560), 0);
    until_total(&service.api, &id(&job), 26).await;
    service.assert_totals_are_sums().await;
}
