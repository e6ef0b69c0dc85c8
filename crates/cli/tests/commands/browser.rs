//! The pages for signing in, in a real Chromium: with and without scripts, and looked at by axe in both colour schemes, on
//! a phone and on a desk. `infra/test/browser/forms.mjs` says what is done there.
//!
//! `STINT_TEST_SCREENSHOTS=FOLDER` leaves pictures of every page in a folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::Stint;

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/browser").join(name)
}

#[test]
fn the_forms_work_in_a_browser_with_and_without_scripts_and_are_accessible() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let installed = Command::new(tool("install")).arg(&folder).output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));

    // As `make run` starts it.
    let stint = Stint::new().set("STINT_ENV", "development");
    let mut server = stint.serve();
    let development = server.line(|line| line.trim_start().starts_with("http://") && line.contains("/welcome#"));
    let url = format!("http://{}", server.address());
    let link = |handle: &str| {
        let printed = stint.run(&["person", "create", "--handle", handle, "--role", "member"]).succeeded();
        format!("{url}/welcome#{}", printed.trim_end().split_once('#').unwrap().1)
    };
    let what = json!({
        "url": url,
        "handle": "ada",
        "password": "a long tramway ride at dusk",
        "first": link("ada"),
        "open": link("eve"),
        "development": development.trim(),
        "screenshots": std::env::var("STINT_TEST_SCREENSHOTS").ok(),
    });

    let mut node = Command::new("node");
    let mut node = node
        .arg(tool("forms.mjs"))
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(what.to_string().as_bytes()).unwrap();
    let ended = node.wait_with_output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}\n{complained}");
}
