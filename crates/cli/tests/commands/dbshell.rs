//! `stint dbshell`, with stand-ins for the databases' shells that show how they were called.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::support::{Ended, Stint};

/// Runs `stint dbshell` with a `PATH` that has only these programs, each a script.
fn dbshell(stint: &Stint, installed: &[(&str, &str)]) -> Ended {
    let folder = stint.path("bin");
    fs::create_dir_all(&folder).unwrap();
    for (name, script) in installed {
        fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    // Without the guard that other tests start commands with: it would be looked up in this `PATH` too.
    let mut command = stint.bare_command(&["dbshell"]);
    command.env("PATH", folder);
    Ended::of(command)
}

#[test]
fn psql_gets_the_password_where_no_other_user_sees_it() {
    let stint = Stint::on("postgres://stint:p%40ss@db.example/ledger?sslmode=require");
    let ended = dbshell(&stint, &[("psql", r#"echo "$@"; echo "password $PGPASSWORD"; exit 3"#)]);
    assert_eq!(ended.stdout, "--dbname postgres://stint@db.example/ledger?sslmode=require\npassword p@ss\n");
    assert_eq!(ended.status, 3, "the shell's own status");
}

#[test]
fn sqlite3_opens_the_file_and_never_makes_one() {
    let stint = Stint::new();
    let shell = [("sqlite3", r#"echo "$@""#)];
    assert_eq!(dbshell(&stint, &shell).failed(), "there is no database stint.db; run `stint migrate`");
    assert_eq!(dbshell(&stint.migrated(), &shell).succeeded(), "./stint.db\n");
}

#[test]
fn sqlite3_opens_the_file_that_the_service_uses_whatever_its_name() {
    let stint = Stint::on("sqlite://file:a%20b%3Fmode=ro%25.db").migrated();
    assert!(stint.path("file:a b?mode=ro%.db").exists());
    assert_eq!(dbshell(&stint, &[("sqlite3", r#"echo "$@""#)]).succeeded(), "./file:a b?mode=ro%.db\n");
}

#[test]
fn a_missing_shell_is_named_with_its_package() {
    let complaint = dbshell(&Stint::on("postgres://db.example/ledger"), &[]).failed();
    assert_eq!(complaint, "`psql` is not installed; on Debian: apt-get install postgresql-client");
    let complaint = dbshell(&Stint::new().migrated(), &[]).failed();
    assert_eq!(complaint, "`sqlite3` is not installed; on Debian: apt-get install sqlite3");
}
