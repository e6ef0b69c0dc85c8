//! Each command as a process, with its own folder and SQLite file: its output on stdout and stderr, and its exit
//! status.

#[cfg(feature = "system-tests")]
mod browser;
mod check;
#[cfg(target_os = "linux")]
mod connections;
mod dbshell;
mod development;
mod migrate;
mod person;
mod pings;
mod serve;
mod settings;
mod shutdown;
#[cfg(target_os = "linux")]
mod systemd;
mod task;
mod token;
#[cfg(target_os = "linux")]
mod unwritable;
mod worker;

use crate::support::Stint;

#[test]
fn a_command_line_that_is_not_understood_ends_with_2_and_says_so_on_stderr() {
    for arguments in [&["serv"][..], &["migrate", "--status", "--down"], &["token", "create", "--name", "ci"], &[]] {
        let ended = Stint::new().run(arguments);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.contains("Usage: stint"), "{}", ended.stderr);
    }
}

#[test]
fn every_command_shows_examples() {
    let commands: [&[&str]; 25] = [
        &[],
        &["serve"],
        &["migrate"],
        &["token"],
        &["token", "create"],
        &["token", "list"],
        &["check"],
        &["settings"],
        &["openapi"],
        &["dbshell"],
        &["check", "deploy"],
        &["check", "totals"],
        &["check", "health"],
        &["token", "revoke"],
        &["worker"],
        &["person"],
        &["person", "create"],
        &["person", "list"],
        &["person", "adopt"],
        &["pings"],
        &["pings", "dead"],
        &["pings", "replay"],
        &["task"],
        &["task", "list"],
        &["task", "run"],
    ];
    for command in commands {
        let help = Stint::new().run(&[command, &["--help"]].concat()).succeeded();
        assert!(help.contains("Examples:\n  "), "stint {command:?} --help: {help}");
    }
}

#[test]
fn the_api_can_be_described_without_settings() {
    let stint = Stint::new().unset("STINT_DATABASE__URL");
    let document: serde_json::Value = serde_json::from_str(&stint.run(&["openapi"]).succeeded()).unwrap();
    assert!(document["paths"]["/api/v1/jobs"].is_object());
}
