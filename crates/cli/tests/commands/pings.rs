//! `stint pings`: pings that were set aside.

use crate::support::Stint;

#[test]
fn what_is_to_be_replayed_must_be_said() {
    let stint = Stint::new().migrated();
    for arguments in [&["pings", "replay"][..], &["pings", "replay", "--all", "42"], &["pings"]] {
        let ended = stint.run(arguments);
        assert!(ended.status == 2 && ended.stderr.contains("Usage: stint pings"), "{ended:?}");
    }
}

#[test]
fn a_database_that_is_not_migrated_is_refused() {
    let complaint = Stint::new().run(&["pings", "dead"]).failed();
    assert!(complaint.starts_with("the database lacks the migrations"), "{complaint}");
}

#[test]
fn without_dead_letters_there_is_nothing_to_list_or_replay() {
    let stint = Stint::new().migrated();
    assert_eq!(stint.run(&["pings", "dead", "--json"]).succeeded(), "[]\n");
    assert!(stint.run(&["pings", "dead"]).succeeded().starts_with("RECEIPT"));
    assert_eq!(stint.run(&["pings", "replay", "--all"]).succeeded(), "put back: 0\n");
    let ended = stint.run(&["pings", "replay", "42"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, "put back: 0\n"));
}
