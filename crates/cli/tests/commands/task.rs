//! `stint task`.

use diesel::connection::SimpleConnection;

use crate::support::{Server, Stint, TASKS};

#[test]
fn a_task_runs_when_it_is_told_to_and_is_recorded() {
    let stint = Stint::new().migrated();
    let ran = stint.run(&["task", "run", "prune_pings"]).succeeded();
    assert_eq!(ran, "succeeded: deleted 0 pings\n");
    let listed = stint.run(&["task", "list", "--task", "prune_pings"]).succeeded();
    let rows: Vec<_> = listed.lines().collect();
    assert!(rows.len() == 2 && rows[1].ends_with("succeeded  deleted 0 pings"), "{listed}");
    assert_eq!(stint.run(&["task", "list", "--state", "dead"]).succeeded().lines().count(), 1);
    assert_eq!(stint.run(&["task", "list", "--json", "--task", "verify_totals"]).succeeded(), "[]\n");
}

#[test]
fn a_total_that_drifted_is_dead_at_once_and_ends_with_1() {
    let stint = Stint::new().migrated();
    let mut database = stint.sqlite();
    let job = "INSERT INTO jobs VALUES (zeroblob(16), 'Research', 'research', 'open', 7, 1, 0, 0)";
    database.batch_execute(job).unwrap();
    let ended = stint.run(&["task", "run", "verify_totals"]);
    let expected = "dead: totals that are not sums: 1 of 1; run `stint check totals`\n";
    assert_eq!((ended.status, ended.stdout.as_str()), (1, expected), "{ended:?}");
    assert!(ended.stderr.contains("a total is not the sum of its entries"), "{ended:?}");
    assert_eq!(stint.run(&["task", "list", "--state", "dead"]).succeeded().lines().count(), 2);
}

/// A worker runs the task at once, because its time has passed.
#[test]
fn a_task_that_runs_already_is_refused_and_no_other() {
    let stint = Stint::new().migrated();
    let mut database = stint.sqlite();
    let run = "INSERT INTO task_runs (id, task, due, attempt, instance, started_at, until, state, detail)
        VALUES (zeroblob(16), 'prune_pings', 0, 1, 'worker', 0, 4000000000000000, 'running', '')";
    database.batch_execute(run).unwrap();
    let complaint = stint.run(&["task", "run", "prune_pings"]).failed();
    assert_eq!(complaint, "another process is running the task");
    stint.run(&["task", "run", "prune_task_runs"]).succeeded();
    database.batch_execute("UPDATE task_runs SET state = 'failed', ended_at = 1").unwrap();
    stint.run(&["task", "run", "prune_pings"]).succeeded();
}

#[test]
fn a_task_that_does_not_exist_is_answered_with_those_that_do() {
    let complaint = Stint::new().migrated().run(&["task", "run", "sweep"]).failed();
    let expected = format!("there is no task sweep; there are {}", TASKS.join(", "));
    assert_eq!(complaint, expected);
}

#[test]
fn a_task_that_is_stopped_ends_at_once_and_can_run_again() {
    let stint = Stint::new().migrated();
    let mut database = stint.sqlite();
    let endless = "ALTER TABLE time_entries RENAME TO entries;
        CREATE VIEW time_entries AS SELECT * FROM entries WHERE 0 < (
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT max(n) FROM numbers
        );
        INSERT INTO jobs VALUES (zeroblob(16), 'Research', 'research', 'open', 5, 1, 0, 0);
        INSERT INTO entries VALUES (zeroblob(16), zeroblob(16), 5, '2026-11-30', '', 'ada', 1, 0, 0);";
    database.batch_execute(endless).unwrap();
    let mut task = Server::spawn(stint.command(&["task", "run", "verify_totals"]));
    task.logged("a task begins");
    task.signal("INT");
    assert_eq!(task.ended().code(), Some(1));
    database.batch_execute("DROP VIEW time_entries; ALTER TABLE entries RENAME TO time_entries").unwrap();
    stint.run(&["task", "run", "verify_totals"]).succeeded();
    let listed = stint.run(&["task", "list"]).succeeded();
    assert!(listed.contains("failed") && listed.contains("cut off because its process was stopped"), "{listed}");
}
