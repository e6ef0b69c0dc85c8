//! The README's first session does what it says, typed exactly as written.

use std::process::Command;

use serde_json::Value;

use crate::support::Stint;

const README: &str = include_str!("../../../README.md");

/// The shell lines of the section, with another address for the service.
fn session(address: &str) -> String {
    let section = README.split("\n## A first session\n").nth(1).unwrap();
    let lines = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(lines.contains("127.0.0.1:8080"));
    lines.replace("127.0.0.1:8080", address)
}

#[test]
fn the_first_session_logs_time_once_and_is_told_every_mistake() {
    let stint = Stint::new().set("STINT_ENV", "development");
    let server = stint.serve();
    let script = session(&server.listens_on).replace("curl -sS", "curl -sS -w '\\n'");
    let mut shell = Command::new("bash");
    let output = shell.args(["-euc", &script]).current_dir(stint.path(".")).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stderr.is_empty(), "{stdout}\n{stderr}");

    let answers: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, again, job, mistaken, archived, refused, opened, pinged, after] = answers.as_slice() else {
        panic!("{stdout}")
    };
    assert_eq!(first, again);
    assert_eq!(job["total_minutes"], 45);
    assert_eq!(mistaken["errors"].as_array().unwrap().len(), 2);
    assert_eq!(archived["status"], "archived");
    assert_eq!(refused["code"], "job-archived");
    assert_eq!(opened["status"], "open");
    assert!(pinged["id"].is_string());
    assert_eq!(after["total_minutes"], 75);
}
