//! `stint worker`: when it refuses to start, what it does at the start, and how it ends.

mod drain;

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Server, Stint, TASKS, get, times_of};

fn runs(stint: &Stint) -> Vec<Value> {
    serde_json::from_str(&stint.run(&["task", "list", "--json"]).succeeded()).unwrap()
}

/// The names of the tasks that ran.
fn names(stint: &Stint) -> Vec<String> {
    let mut names: Vec<_> = runs(stint).into_iter().map(|run| run["task"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Waits until each task has run.
fn until_tasks_ran(server: &mut Server) {
    for _ in TASKS {
        server.logged("a task ended");
    }
}

#[test]
fn a_database_that_is_not_migrated_is_refused() {
    for stint in [Stint::new(), Stint::new().set("STINT_ENV", "development")] {
        let complaint = stint.run(&["worker"]).failed();
        assert!(
            complaint.starts_with("the database lacks the migrations") && complaint.ends_with("; run `stint migrate`"),
            "{complaint}"
        );
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let complaint = Stint::new().migrated().set("STINT_WORKER__METRICS_LISTEN", &address).run(&["worker"]).failed();
    assert!(complaint.starts_with(&format!("cannot listen on {address} (worker.metrics_listen): ")), "{complaint}");
}

#[test]
fn every_task_runs_at_the_first_start_and_is_recorded_and_counted() {
    let stint = Stint::new().with_tasks().migrated();
    let mut worker = stint.work();
    until_tasks_ran(&mut worker);
    let metrics = get(TcpStream::connect(worker.metrics).unwrap(), "/metrics", "");
    for sample in [
        r#"stint_build_info{version=""#,
        r#"stint_task_runs_total{task="verify_totals",result="succeeded"} 1"#,
        r#"stint_task_last_success_timestamp_seconds{task="prune_pings"} 1"#,
        "stint_totals_drifted_jobs 0",
        "stint_pings_queue_depth 0",
        "stint_pings_dead 0",
    ] {
        assert!(metrics.contains(sample), "no {sample} in {metrics}");
    }
    worker.signal("TERM");
    assert!(worker.ended().success());

    assert_eq!(names(&stint), TASKS);
}

#[test]
fn a_task_that_is_turned_off_does_not_run() {
    let (off, on) = TASKS.split_at(2);
    let stint = off.iter().fold(Stint::new().with_tasks().migrated(), |stint, task| stint.set(&times_of(task), ""));
    let mut worker = stint.work();
    for _ in on {
        worker.logged("a task ended");
    }
    worker.signal("INT");
    assert!(worker.ended().success());
    assert_eq!(names(&stint), on);
}

#[test]
fn the_service_works_itself_on_sqlite_unless_it_is_told_not_to() {
    let stint = Stint::new().with_tasks().migrated();
    until_tasks_ran(&mut stint.serve());

    let stint = Stint::new().with_tasks().migrated().set("STINT_WORKER__IN_SERVE", "false");
    let mut server = stint.serve();
    server.get("/readyz", "");
    server.signal("TERM");
    assert!(server.ended().success());
    assert_eq!(runs(&stint), Vec::<Value>::new());
}

#[test]
fn an_idle_worker_ends_at_once() {
    let stint = Stint::new().with_tasks().migrated();
    let mut worker = stint.work();
    until_tasks_ran(&mut worker);
    let begun = Instant::now();
    worker.signal("TERM");
    assert!(worker.ended().success());
    // Less than the ten seconds that a worker with pings in hand may take.
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}
