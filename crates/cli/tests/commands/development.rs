//! What `stint serve` does by itself in development, and in no other environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Stint;

const TOKEN: &str = ".stint/admin-token";

fn development() -> Stint {
    Stint::new().unset("STINT_DATABASE__URL").set("STINT_ENV", "development")
}

#[test]
fn the_first_start_needs_nothing_and_leaves_a_token_that_works() {
    let stint = development();
    let server = stint.serve();
    let secret = fs::read_to_string(stint.path(TOKEN)).unwrap();
    assert_eq!(fs::metadata(stint.path(TOKEN)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(server.get("/api/v1/jobs", secret.trim_end()).starts_with("HTTP/1.1 200 "));
    assert!(stint.path(".stint/stint.db").exists());
}

#[test]
fn the_token_stays_while_it_works_and_is_replaced_when_it_does_not() {
    let stint = development();
    let token = || {
        drop(stint.serve());
        fs::read_to_string(stint.path(TOKEN)).unwrap()
    };
    let first = token();
    assert_eq!(token(), first);

    fs::remove_file(stint.path(".stint/stint.db")).unwrap();
    for beside in [".stint/stint.db-wal", ".stint/stint.db-shm"] {
        // A server that ends in order removes it.
        let _ = fs::remove_file(stint.path(beside));
    }
    let other_database = token();
    assert_ne!(other_database, first);

    fs::write(stint.path(TOKEN), "mangled").unwrap();
    assert_ne!(token(), other_database);
}

#[test]
fn a_line_to_copy_is_shown() {
    let stint = development();
    let mut server = stint.serve();
    let address = server.address();
    server.signal("TERM");
    server.ended();
    let line = format!("    curl -H \"Authorization: Bearer $(cat .stint/admin-token)\" http://{address}/api/v1/jobs");
    assert!(server.log.contains(&line), "{:?}", server.log);
}

#[test]
fn a_deployment_makes_no_token() {
    let stint = Stint::new().migrated();
    drop(stint.serve());
    assert!(!stint.path(TOKEN).exists());
    assert_eq!(stint.run(&["token", "list", "--json"]).succeeded(), "[]\n");
}
