//! `stint settings`, and how every command refuses bad settings. Which layer wins is tested beside the code.

use std::fs;

use crate::support::Stint;

#[test]
fn every_setting_is_shown_with_its_source() {
    let stint = Stint::new().set("STINT_DATABASE__POOL_SIZE", "3").unset("STINT_HTTP__LISTEN");
    fs::write(stint.path("stint.toml"), "[http]\nworkers = 2").unwrap();
    let shown = stint.set("STINT_CONFIG", "stint.toml").run(&["settings"]).succeeded();
    let line = |key: &str| -> Vec<&str> {
        let line = shown.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().collect()
    };
    assert_eq!(shown.lines().next(), Some("# environment: deployment"));
    assert_eq!(line("http.listen"), ["http.listen", "=", "127.0.0.1:8080", "#", "base.toml", "(built", "in)"]);
    assert_eq!(line("database.pool_size"), ["database.pool_size", "=", "3", "#", "STINT_DATABASE__POOL_SIZE"]);
    assert_eq!(line("http.workers"), ["http.workers", "=", "2", "#", "stint.toml"]);
}

#[test]
fn passwords_are_masked_wherever_they_could_show() {
    let stint = Stint::on("postgres://stint:hunter2@127.0.0.1:1/stint").set("STINT_LOG__LEVEL", "trace");
    let stint = stint.set("STINT_REDIS_URL", "redis://:hunter2@127.0.0.1:1/0");
    let shown = stint.run(&["settings"]).succeeded();
    assert!(shown.contains("database.url = postgres://stint:***@127.0.0.1:1/stint"), "{shown}");
    assert!(shown.contains("redis.url = redis://:***@127.0.0.1:1/0") && !shown.contains("hunter2"), "{shown}");
    for command in [&["migrate"][..], &["serve"], &["worker"], &["check", "deploy"]] {
        let ended = stint.run(command);
        assert_eq!(ended.status, 1);
        assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn bad_settings_stop_every_command_with_one_line() {
    let stint = Stint::new().set("STINT_HTTP__LISTN", "127.0.0.1:1");
    for command in [&["serve"][..], &["migrate"], &["token", "list"], &["check", "totals"], &["settings"], &["dbshell"]]
    {
        let complaint = stint.run(command).failed();
        assert!(complaint.starts_with("unknown setting http.listn in STINT_HTTP__LISTN; [http] has"), "{complaint}");
    }
    let complaint = Stint::new().set("STINT_HTTP__LISTEN", "localhost:80").run(&["serve"]).failed();
    assert!(complaint.starts_with("bad setting http.listen = `localhost:80` in STINT_HTTP__LISTEN: "), "{complaint}");
    let complaint = Stint::new().set("STINT_TASKS__VERIFY_TOTALS", "nightly").run(&["worker"]).failed();
    let expected = "bad setting tasks.verify_totals = `nightly` in STINT_TASKS__VERIFY_TOTALS: must be five fields";
    assert!(complaint.starts_with(expected), "{complaint}");
    let complaint = Stint::new().set("STINT_ENV", "prod").run(&["serve"]).failed();
    assert!(complaint.starts_with("STINT_ENV is `prod`, but must be"), "{complaint}");
}

/// Whatever is wrong with a URL, no message of the settings, of a driver or of a database's shell shows its password or
/// a part of it.
#[test]
fn no_message_shows_a_password_that_is_not_encoded() {
    let databases = [
        "postgres://stint:hun%ter2@127.0.0.1:1/stint",
        "postgres://stint:hun/ter2@127.0.0.1:1/stint",
        "postgres://stint:hun@ter2@127.0.0.1:1/stint",
        "postgres://stint:hun[ter2@127.0.0.1:1/stint",
        "postgres://127.0.0.1:1/stint?password=hun&ter2",
        "postgres://127.0.0.1:1/stint?pass%77ord=hun=ter2",
        "postgres://127.0.0.1:1/stint?user=a&sslpassword=hun%ter2",
        "hunter2",
    ];
    let redis = [
        "redis://:hun/ter2@127.0.0.1:1",
        "redis://:1/hunter2@127.0.0.1:1",
        "redis://:hun%zzter2@127.0.0.1:1/0",
        "redis+unix:///nowhere?pass=hunter2",
    ];
    let stints = databases.map(Stint::on).into_iter();
    let stints = stints.chain(redis.map(|url| Stint::new().set("STINT_REDIS__URL", url)));
    let in_a_file = |text: &str| {
        let stint = Stint::new().unset("STINT_DATABASE__URL").set("STINT_CONFIG", "stint.toml");
        std::fs::write(stint.path("stint.toml"), text).unwrap();
        stint
    };
    let files = [
        "[database]\nurl = postgres://u:hunter2@db/s",
        "[database]\nurl = 'postgres://u:hunter2@db/s",
        "[database]\nurl = ['hunter2']",
        "database = 'postgres://u:hunter2@db/s'",
        "[database]\nurl = 'postgres://u:hun%ter2@db/s'",
    ];
    for stint in stints.chain(files.map(in_a_file)) {
        for command in [&["settings"][..], &["serve"], &["check", "deploy"], &["migrate"], &["dbshell"]] {
            // `serve` comes before `migrate`, because on a database with the schema it would start.
            let ended = stint.run(command);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            for piece in ["hunter2", "hun%", "ter2"] {
                assert!(!said.contains(piece), "{command:?}: {said}");
            }
        }
    }
}
