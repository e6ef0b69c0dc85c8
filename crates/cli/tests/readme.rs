//! The README's first session does what it says, typed exactly as written, and its link signs in.

use std::process::Command;

use serde_json::Value;

use crate::support::{Server, Stint};

const README: &str = include_str!("../../../README.md");

/// The shell lines of the section, with another address for the service.
fn session(address: &str) -> String {
    let section = README.split("\n## A first session\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.collect::<Vec<_>>().join("\n");
    assert!(lines.contains("127.0.0.1:8080"));
    lines.replace("127.0.0.1:8080", address)
}

/// What a command prints, which must not fail.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stderr.is_empty(), "{stdout}\n{stderr}");
    stdout.into_owned()
}

#[test]
fn the_first_session_logs_time_once_and_is_told_every_mistake() {
    let stint = Stint::new().set("STINT_ENV", "development");
    let mut server = stint.serve();
    let script = session(&server.listens_on).replace("curl -sS", "curl -sS -w '\\n'");
    let stdout = output(Command::new("bash").args(["-euc", &script]).current_dir(stint.path(".")));

    let answers: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [hour, job, first, again, mistaken, archived, refused, opened, pinged, after, ada, her_hour, hers] =
        answers.as_slice()
    else {
        panic!("{stdout}")
    };
    assert_eq!((&hour["minutes_worked"], &job["total_minutes"]), (&60.into(), &60.into()));
    assert_eq!(first, again);
    assert_eq!(mistaken["errors"].as_array().unwrap().len(), 2);
    assert_eq!(archived["status"], "archived");
    assert_eq!(refused["code"], "job-archived");
    assert_eq!(opened["status"], "open");
    assert!(pinged["id"].is_string());
    assert_eq!(after["total_minutes"], 135);
    assert_eq!((&ada["person"]["handle"], &ada["scopes"]), (&"ada".into(), &serde_json::json!(["own"])));
    assert_eq!(her_hour["created_by"], "ada");
    assert_eq!(hers["items"], Value::Array(vec![her_hour.clone()]));

    let jobs = jobs_by_the_link(&mut server);
    assert_eq!((&jobs[0]["name"], &jobs[0]["total_minutes"]), (&"Research".into(), &195.into()));
}

/// The jobs that a browser shows in which the printed link was opened and its form sent, as it is.
fn jobs_by_the_link(server: &mut Server) -> Value {
    let link = server.line(|line| line.contains("/welcome#"));
    let (page, secret) = link.trim().split_once('#').unwrap();
    let cookies = tempfile::NamedTempFile::new().unwrap();
    let jar = cookies.path().to_str().unwrap();
    let form = format!("secret={secret}&password=");
    let send = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Sec-Fetch-Site: same-origin", "-c", jar];
    let status = output(Command::new("curl").args(send).args(["-d", &form, page]));
    assert_eq!(status, "303");
    let jobs = format!("http://{}/api/v1/jobs", server.listens_on);
    let shown = output(Command::new("curl").args(["-sS", "-b", jar, &jobs]));
    serde_json::from_str::<Value>(&shown).unwrap()["items"].take()
}
