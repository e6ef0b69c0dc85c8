//! A SQLite file that cannot be written: the service reports it, and recovers without a restart.

use std::fs::{self, Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Ended, Server, Stint, until};

const JOB: &str = r#"{"name": "Research"}"#;

fn write(server: &Server, token: &str) -> bool {
    let answer = server.post("/api/v1/jobs", token, JOB);
    assert!(answer.starts_with("HTTP/1.1 201 ") || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    answer.starts_with("HTTP/1.1 201 ")
}

fn is_ready(server: &Server) -> bool {
    server.get("/readyz", "").starts_with("HTTP/1.1 200 ")
}

/// The result of a trial write is cached for a second.
fn until_ready_is(expected: bool, server: &Server) {
    until("/readyz", || is_ready(server) == expected);
}

/// The same command as a user who is not root, because permissions do not restrict root.
fn bound(stint: &Stint, arguments: &[&str]) -> Command {
    let command = stint.command(arguments);
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !is_root {
        return command;
    }
    let mut bound = Command::new("setpriv");
    bound.args(["--bounding-set", "-dac_override,-dac_read_search", "--pdeathsig", "KILL", "--"]);
    bound.arg(command.get_program()).args(command.get_args());
    bound.current_dir(stint.path(""));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    bound
}

#[test]
fn a_file_that_is_read_only_is_not_ready_and_written_once_it_may_be() {
    let stint = Stint::new().migrated();
    let (token, file) = (stint.token("write"), stint.path("stint.db"));
    set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let server = Server::start(bound(&stint, &["serve"]));
    for _ in 0..2 {
        assert!(!is_ready(&server));
        assert!(!write(&server, &token));
    }
    let checked = Ended::of(bound(&stint, &["check", "deploy"]));
    let serious = "serious: the database accepts no writes: sqlite: unavailable: attempt to write a readonly database";
    assert!(checked.status == 1 && checked.stdout.contains(serious), "{checked:?}");

    set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    until_ready_is(true, &server);
    for _ in 0..3 {
        assert!(write(&server, &token));
    }
}

/// A limit on file size looks like a full disk, but only to one process.
#[test]
fn a_disk_that_is_full_is_not_ready_and_written_once_there_is_room() {
    let stint = Stint::new().migrated();
    let token = stint.token("write");
    let serve = stint.command(&["serve"]);
    let mut shell = Command::new("sh");
    // Ignore the signal, so that a write that is too large fails instead of ending the process.
    shell.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"]).arg(serve.get_program()).args(serve.get_args());
    shell.current_dir(stint.path(""));
    for (name, value) in serve.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    let server = Server::start(shell);
    for _ in 0..2 {
        until_ready_is(true, &server);
        assert!(write(&server, &token));
        limit(&server, "4096");
        until_ready_is(false, &server);
        assert!(!write(&server, &token));
        limit(&server, "unlimited");
    }
    until_ready_is(true, &server);
    assert!(write(&server, &token));
}

/// The largest file that the server may write.
fn limit(server: &Server, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let limited = Command::new("prlimit").args(["--pid", &server.pid().to_string(), &limit]).status();
    assert!(limited.unwrap().success());
}

#[test]
fn a_file_that_is_gone_is_not_ready_and_nothing_is_written_elsewhere() {
    let stint = Stint::new().migrated();
    let (token, server) = (stint.token("write"), stint.serve());
    assert!(write(&server, &token));
    let (file, aside) = (stint.path("stint.db"), stint.path("aside.db"));
    fs::rename(&file, &aside).unwrap();
    assert!(!is_ready(&server));
    assert!(!write(&server, &token));
    assert!(!file.exists(), "an empty one would be taken for the ledger");
    fs::rename(&aside, &file).unwrap();
    until_ready_is(true, &server);
    assert!(write(&server, &token));
}
