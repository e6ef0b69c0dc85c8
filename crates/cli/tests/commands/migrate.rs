//! `stint migrate`.

use crate::support::Stint;

#[test]
fn the_schema_goes_up_and_down_and_up_and_the_status_follows() {
    let stint = Stint::new();
    let states = || -> Vec<String> {
        let status = stint.run(&["migrate", "--status"]).succeeded();
        status.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
    };
    assert!(!states().is_empty() && states().iter().all(|state| state == "missing"));
    let all = states().len();

    assert_eq!(stint.run(&["migrate"]).succeeded().matches("ran ").count(), all);
    assert!(states().iter().all(|state| state == "applied"));
    assert_eq!(stint.run(&["migrate"]).succeeded(), "nothing to run\n");

    for _ in 0..all {
        assert!(stint.run(&["migrate", "--down"]).succeeded().starts_with("reverted "));
    }
    assert!(states().iter().all(|state| state == "missing"));
    assert_eq!(stint.run(&["migrate", "--down"]).succeeded(), "nothing to revert\n");
    assert_eq!(stint.run(&["migrate"]).succeeded().matches("ran ").count(), all);
}

#[test]
fn a_deployment_does_nothing_on_a_schema_that_is_behind_but_say_what_helps() {
    let stint = Stint::new();
    for command in [&["serve"][..], &["token", "list"], &["check", "totals"]] {
        let complaint = stint.run(command).failed();
        let helps =
            complaint.starts_with("the database lacks the migrations ") && complaint.ends_with("; run `stint migrate`");
        assert!(helps, "{complaint}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_named() {
    let complaint = Stint::on("postgres://stint@127.0.0.1:1/stint").run(&["migrate"]).failed();
    let named = "cannot use the database postgres://stint@127.0.0.1:1/stint: postgres: unavailable: ";
    assert!(complaint.starts_with(named), "{complaint}");
    let complaint = Stint::on("sqlite:///proc/absent/stint.db").run(&["migrate"]).failed();
    assert!(complaint.starts_with("cannot use the database sqlite:///proc/absent/stint.db: sqlite: "), "{complaint}");
}
