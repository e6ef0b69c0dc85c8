//! What the schema guarantees of timers by itself, and how they are found.

use diesel::connection::SimpleConnection;
use diesel::result::DatabaseErrorKind;
use stint_domain::BackendErrorKind;
use stint_domain::timers::ports::TimerRepository;

use super::schema::refusals;
use super::*;

const ADA: &str = "00000000-0000-0000-0000-00000000000a";

/// A running timer.
const TIMER: &str = "INSERT INTO timers (id, person_id, related_job, work_summary, started_at, version)
    VALUES (gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', gen_random_uuid(), '', now(), 0)";

#[tokio::test]
async fn the_schema_itself_refuses_of_timers_what_the_domain_does() {
    let database = TestDatabase::create();
    connection(&database).batch_execute(TIMER).unwrap();
    let out_of_range = [
        "UPDATE timers SET work_summary = repeat('ä', 4001)",
        "UPDATE timers SET started_at = 'infinity'",
        "UPDATE timers SET version = -1",
        "UPDATE timers SET minutes = -1, entries = 0",
        "UPDATE timers SET minutes = 0, entries = -1",
        "UPDATE timers SET minutes = 1",
        "UPDATE timers SET entries = 1",
    ];
    for (statement, refusal) in refusals(&out_of_range, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::CheckViolation)), "{statement}: {refusal:?}");
    }
    for (statement, refusal) in refusals(&[TIMER], &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::UniqueViolation)), "{statement}: {refusal:?}");
    }
    let ended = format!("UPDATE timers SET minutes = 0, entries = 0; {TIMER}");
    for (statement, refusal) in refusals(&[&ended], &database) {
        assert!(refusal.is_none(), "{statement}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_timers_row_that_does_not_parse_is_corrupt_and_named() {
    let (postgres, database) = postgres().await;
    let summary = "UPDATE timers SET work_summary = E'a bell \\007'";
    connection(&database).batch_execute(&format!("{TIMER}; {summary}")).unwrap();
    let error = TimerRepository::find(&postgres, ADA.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Corrupt);
    let told = error.source.to_string();
    assert!(told.starts_with("timers.work_summary of ") && told.ends_with(" holds a text of 8 bytes"), "{told}");
}
