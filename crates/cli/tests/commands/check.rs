//! `stint check`.

mod health;
mod people;

use std::fs::{Permissions, create_dir, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use diesel::connection::SimpleConnection;

use crate::support::Stint;

#[test]
fn a_sound_deployment_passes_with_warnings_at_most() {
    let stint = Stint::new().with_tasks().migrated();
    let stint =
        stint.set("STINT_HTTP__PUBLIC_URL", "https://time.example.org").set("STINT_HTTP__TRUSTED_PROXIES", "127.0.0.1");
    stint.run(&["person", "create", "--handle", "ada", "--role", "admin"]).succeeded();
    let found = stint.run(&["check", "deploy"]).succeeded();
    assert!(
        found.starts_with("warning: the database is a file") && found.ends_with("findings: 1, serious: 0\n"),
        "{found}"
    );
}

#[test]
fn what_is_serious_ends_with_1_and_names_its_fix() {
    let stint = Stint::new();
    let serious = |stint: &Stint, what: &str, fix: &str| {
        let ended = stint.run(&["check", "deploy"]);
        let (what, fix) = (format!("serious: {what}"), format!("         fix: {fix}"));
        assert!(ended.status == 1 && ended.stdout.contains(&what) && ended.stdout.contains(&fix), "{ended:?}");
    };
    serious(&stint, "there is no database stint.db", "run `stint migrate`");
    assert!(!stint.path("stint.db").exists(), "a check changes nothing");

    let stint = stint.migrated();
    stint.run(&["migrate", "--down"]).succeeded();
    serious(&stint, "the database lacks the migrations", "make sure that");

    let stint = stint.migrated();
    set_permissions(stint.path("stint.db"), Permissions::from_mode(0o644)).unwrap();
    serious(&stint, "the database in stint.db may be read by every user", "chmod o= stint.db");

    let stint = stint.set("STINT_ENV", "development");
    serious(&stint, "STINT_ENV is development", "unset STINT_ENV");
}

#[test]
fn a_password_that_everybody_may_read_is_serious_wherever_it_stands() {
    let url = "postgres://stint:hunter2@127.0.0.1:1/stint";
    let stint = Stint::new().unset("STINT_DATABASE__URL");
    create_dir(stint.path("credentials")).unwrap();
    let stint = stint.set("CREDENTIALS_DIRECTORY", "credentials").set("STINT_CONFIG", "stint.toml");
    for (file, text) in
        [("stint.toml", format!("[database]\nurl = '{url}'")), ("credentials/database.url", url.to_owned())]
    {
        write(stint.path(file), text).unwrap();
        for (mode, found) in [(0o644, true), (0o640, false)] {
            set_permissions(stint.path(file), Permissions::from_mode(mode)).unwrap();
            let shown = stint.run(&["check", "deploy"]).stdout;
            let serious = format!("serious: the password in {file} may be read by every user of this machine");
            assert_eq!(shown.contains(&serious), found, "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn pings_that_nobody_logs_and_those_that_were_set_aside_are_found() {
    let stint = Stint::new().with_tasks().migrated();
    let mut database = stint.sqlite();
    let pings = "INSERT INTO ping_queue (ping, received_at) VALUES ('no ping', 0);
        INSERT INTO ping_queue (ping, received_at, dead_reason, buried_at) VALUES ('no ping', 0, 'told so', 0)";
    database.batch_execute(pings).unwrap();
    let found = stint.run(&["check", "deploy"]).succeeded();
    for what in
        ["pings wait in the database: 1, the first of them since 1970-01-01", "pings were set aside in the database: 1"]
    {
        assert!(found.contains(&format!("warning: {what}")), "{found}");
    }
}

#[test]
fn totals_that_drifted_are_named() {
    let stint = Stint::new().migrated();
    let sound = "jobs: 0, time entries: 0; every total equals its sum\n";
    assert_eq!(stint.run(&["check", "totals"]).succeeded(), sound);

    let (token, server) = (stint.token("write"), stint.serve());
    let created = server.post("/api/v1/jobs", &token, r#"{"name": "Research"}"#);
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    let mut database = stint.sqlite();
    database.batch_execute("UPDATE jobs SET total_minutes = total_minutes + 7").unwrap();

    let drifted = stint.run(&["check", "totals"]);
    assert_eq!(drifted.status, 1);
    assert!(drifted.stdout.contains(": total_minutes is 7, its entries sum to 0\n"), "{drifted:?}");
    assert!(
        drifted.stdout.ends_with("jobs: 1, time entries: 0; totals that do not equal their sums: 1\n"),
        "{drifted:?}"
    );
}

/// The tests' Redis keeps nothing on disk.
#[cfg(feature = "system-tests")]
#[test]
fn a_redis_that_would_lose_pings_is_serious_and_so_is_one_that_does_not_answer() {
    let real = std::env::var("STINT_TEST_REDIS_URL").expect("STINT_TEST_REDIS_URL names a Redis");
    for (url, complaint) in [
        (real.as_str(), "serious: Redis keeps queued pings only in memory"),
        ("redis://127.0.0.1:1", "serious: cannot use the Redis redis://127.0.0.1:1"),
    ] {
        let checked = Stint::new().migrated().set("STINT_REDIS__URL", url).run(&["check", "deploy"]);
        assert!(checked.status == 1 && checked.stdout.contains(complaint), "{checked:?}");
    }
}

#[test]
fn changes_that_are_dated_later_than_now_are_told_and_are_no_drift() {
    let stint = Stint::new().migrated();
    let (token, server) = (stint.token("write"), stint.serve());
    assert!(server.post("/api/v1/jobs", &token, r#"{"name":"Research"}"#).starts_with("HTTP/1.1 201 "));
    let all_is_well = "jobs: 1, time entries: 0; every total equals its sum\n";
    assert_eq!(stint.run(&["check", "totals"]).succeeded(), all_is_well);

    // The year 2200.
    let mut database = stint.sqlite();
    database.batch_execute("UPDATE jobs SET updated_at = 7258118400000000").unwrap();
    let told = stint.run(&["check", "totals"]).succeeded();
    assert!(told.starts_with(all_is_well) && told.ends_with("the latest at 2200-01-01T00:00:00.000000Z\n"), "{told}");
    let run = stint.run(&["task", "run", "verify_totals"]);
    let logged = run.stderr.lines().find(|line| line.contains("changes are dated later than now")).unwrap();
    assert!(logged.contains("2200-01-01T00:00:00.000000Z"), "{logged}");
    run.succeeded();
}
