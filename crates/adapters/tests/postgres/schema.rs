//! What the schema guarantees by itself, and its indexes.

use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{ListCapturing, ListTokens};
use stint_domain::access::{Role, SecretHash, TokenKind};
use stint_domain::background::ports::Housekeeping;
use stint_domain::ledger::ports::job::{JobCursor, ListJobs};
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, TimeEntryCursor};
use stint_domain::people::ports::PersonRepository;
use stint_domain::people::ports::person::{CreatePerson, CreatePersonError, ListPeople};
use stint_domain::people::{Handle, Person, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{PersonId, Version, Zone};
use stint_domain::{BackendErrorKind, PageSize};

use super::*;

use crate::given;

/// Tries statements. Each is undone.
pub(super) fn refusals(statements: &[&str], database: &TestDatabase) -> Vec<(String, Option<DatabaseErrorKind>)> {
    let mut connection = connection(database);
    let refusal = |statement: &&str| {
        connection.batch_execute("BEGIN").unwrap();
        let refusal = match connection.batch_execute(statement) {
            Err(Error::DatabaseError(kind, _)) => Some(kind),
            other => other.map(|()| None).unwrap(),
        };
        connection.batch_execute("ROLLBACK").unwrap();
        ((*statement).to_owned(), refusal)
    };
    statements.iter().map(refusal).collect()
}

#[tokio::test]
async fn the_schema_itself_refuses_what_the_domain_does() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    entry(&postgres, &job).await;
    let out_of_range = [
        "UPDATE jobs SET name = ''",
        "UPDATE jobs SET name = repeat('ä', 121)",
        "UPDATE jobs SET status = 'closed'",
        "UPDATE jobs SET total_minutes = -1",
        "UPDATE jobs SET total_minutes = 9007199254740992",
        "UPDATE jobs SET version = -1",
        "UPDATE jobs SET created_at = 'infinity'",
        "UPDATE jobs SET updated_at = '0001-12-31 00:00:00+00 BC'",
        "UPDATE time_entries SET minutes_worked = 0",
        "UPDATE time_entries SET minutes_worked = 1441",
        "UPDATE time_entries SET date_stamp = '10000-01-01'",
        "UPDATE time_entries SET date_stamp = '-infinity'",
        "UPDATE time_entries SET work_summary = repeat('ä', 4001)",
        "UPDATE time_entries SET created_by = ''",
        "UPDATE time_entries SET version = -1",
        "INSERT INTO tokens VALUES (gen_random_uuid(), 'ci', 'ci', 'read', '\\x00', now())",
        "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
            VALUES (gen_random_uuid(), 'ci', 'ci', 'capture', sha256('a'), now())",
        "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_zone, capture_gap)
            VALUES (gen_random_uuid(), 'ci', 'ci', 'capture', sha256('a'), now(), 'job', 'UTC', 900)",
        "INSERT INTO pings (id, token_id, at, received_at, day, status, logged_at)
            VALUES (gen_random_uuid(), gen_random_uuid(), now(), now(), now(), 'logged', now())",
        "INSERT INTO pings (id, token_id, at, received_at, day, status, logged_at)
            VALUES (gen_random_uuid(), gen_random_uuid(), now(), now(), now(), 'ignored', now())",
        "INSERT INTO pings (id, token_id, at, received_at, day, status, logged_at, project)
            VALUES (gen_random_uuid(), gen_random_uuid(), now(), now(), now(), 'retracted', now(), '')",
        "INSERT INTO ping_days (related_job, token_id, day, micros, detached)
            VALUES (gen_random_uuid(), gen_random_uuid(), now(), -1, false)",
        "INSERT INTO capture_new_projects VALUES (gen_random_uuid(), now(), '')",
        "INSERT INTO capture_new_projects VALUES (gen_random_uuid(), now(), repeat('ä', 121))",
        "INSERT INTO capture_new_projects VALUES (gen_random_uuid(), '10000-01-01', 'stint')",
        "INSERT INTO task_runs (id, task, due, attempt, instance, started_at, until, state, detail)
            VALUES (gen_random_uuid(), 'prune', now(), 1, '', now(), now(), 'succeeded', '')",
        "INSERT INTO idempotency_keys VALUES (gen_random_uuid(), '', sha256('a'), '', now())",
    ];
    for (statement, refusal) in refusals(&out_of_range, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::CheckViolation)), "{statement}: {refusal:?}");
    }
    let without_a_job = ["DELETE FROM jobs", "UPDATE time_entries SET related_job = gen_random_uuid()"];
    for (statement, refusal) in refusals(&without_a_job, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::ForeignKeyViolation)), "{statement}: {refusal:?}");
    }
    let at_the_limits = [
        "UPDATE jobs SET name = repeat('ä', 120), total_minutes = 9007199254740991",
        "UPDATE time_entries SET minutes_worked = 1440, date_stamp = '9999-12-31', work_summary = repeat('ä', 4000)",
    ];
    for (statement, refusal) in refusals(&at_the_limits, &database) {
        assert!(refusal.is_none(), "{statement}: {refusal:?}");
    }
}

/// A person.
const ADA: &str = "INSERT INTO people (
        id, handle, handle_folded, name, role, status, time_zone, week_starts_on, version, created_at, updated_at
    ) VALUES (
        '00000000-0000-0000-0000-00000000000a', 'ada', 'ada', 'Ada', 'member', 'active', 'UTC', 'monday', 0, now(),
        now()
    )";

#[tokio::test]
async fn the_schema_itself_refuses_of_people_what_the_domain_does() {
    let database = TestDatabase::create();
    connection(&database).batch_execute(ADA).unwrap();
    let out_of_range = [
        "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, kind)
            VALUES (gen_random_uuid(), 'ci', 'ci', 'read', sha256('a'), now(), 'other')",
        "INSERT INTO tokens
            (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_zone, capture_gap, kind)
            VALUES (gen_random_uuid(), 'ci', 'ci', 'capture', sha256('a'), now(), 'projects', 'UTC', 900, 'session')",
        "UPDATE people SET handle = ''",
        "UPDATE people SET handle = repeat('ä', 65)",
        "UPDATE people SET handle_folded = ''",
        "UPDATE people SET name = ''",
        "UPDATE people SET name = repeat('ä', 121)",
        "UPDATE people SET email = 'a@'",
        "UPDATE people SET email = repeat('ä', 255)",
        "UPDATE people SET role = 'owner'",
        "UPDATE people SET status = 'gone'",
        "UPDATE people SET time_zone = ''",
        "UPDATE people SET week_starts_on = 'someday'",
        "UPDATE people SET password_hash = ''",
        "UPDATE people SET version = -1",
        "UPDATE people SET created_at = 'infinity'",
        "UPDATE people SET updated_at = '0001-12-31 00:00:00+00 BC'",
    ];
    for (statement, refusal) in refusals(&out_of_range, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::CheckViolation)), "{statement}: {refusal:?}");
    }
    let twice =
        ["INSERT INTO people SELECT gen_random_uuid(), 'ADA', handle_folded, name, email, role, status, time_zone,
        week_starts_on, password_hash, version, created_at, updated_at FROM people"];
    for (statement, refusal) in refusals(&twice, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::UniqueViolation)), "{statement}: {refusal:?}");
    }
    let at_the_limits =
        ["UPDATE people SET handle = repeat('ä', 64), name = repeat('ä', 120), email = repeat('ä', 254)"];
    for (statement, refusal) in refusals(&at_the_limits, &database) {
        assert!(refusal.is_none(), "{statement}: {refusal:?}");
    }
}

/// Her identity at a provider, and a key that was used.
const IDENTITY: &str = "
    INSERT INTO identities VALUES ('https://id', '1', '00000000-0000-0000-0000-00000000000a', now());
    INSERT INTO used_keys VALUES (sha256('a'), now())";

#[tokio::test]
async fn the_schema_itself_refuses_of_identities_what_the_domain_does() {
    let database = TestDatabase::create();
    connection(&database).batch_execute(&format!("{ADA}; {IDENTITY}")).unwrap();
    let out_of_range = [
        "UPDATE identities SET issuer = ''",
        "UPDATE identities SET issuer = repeat('ä', 256)",
        "UPDATE identities SET subject = ''",
        "UPDATE identities SET subject = repeat('ä', 256)",
        "UPDATE identities SET linked_at = 'infinity'",
        "UPDATE used_keys SET key_hash = 'x'",
        "UPDATE used_keys SET used_until = '-infinity'",
    ];
    for (statement, refusal) in refusals(&out_of_range, &database) {
        assert!(matches!(refusal, Some(DatabaseErrorKind::CheckViolation)), "{statement}: {refusal:?}");
    }
    let twice_or_nobodys_or_at_the_limits = [
        "INSERT INTO identities SELECT * FROM identities",
        "INSERT INTO used_keys SELECT * FROM used_keys",
        "UPDATE identities SET person_id = gen_random_uuid()",
        "UPDATE identities SET issuer = repeat('ä', 255), subject = repeat('ä', 255)",
    ];
    let refusals = refusals(&twice_or_nobodys_or_at_the_limits, &database);
    let kinds: Vec<_> = refusals.iter().map(|(_, refusal)| refusal.as_ref()).collect();
    let expected = matches!(
        kinds[..],
        [
            Some(DatabaseErrorKind::UniqueViolation),
            Some(DatabaseErrorKind::UniqueViolation),
            Some(DatabaseErrorKind::ForeignKeyViolation),
            None
        ]
    );
    assert!(expected, "{refusals:?}");
}

#[tokio::test]
async fn a_persons_row_that_does_not_parse_is_corrupt_and_named() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    connection.batch_execute(ADA).unwrap();
    connection
        .batch_execute(
            "UPDATE people SET email = 'no address';
            INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, person_id) VALUES
                (gen_random_uuid(), 'ci', 'ada', 'read', decode(repeat('01', 32), 'hex'), now(), gen_random_uuid())",
        )
        .unwrap();
    let id = "00000000-0000-0000-0000-00000000000a".parse().unwrap();
    let error = PersonRepository::find(&postgres, id).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Corrupt);
    assert_eq!(error.source.to_string(), format!("people.email of {id} holds a text of 10 bytes"));
    let error = postgres.find_by_hash(SecretHash([1; 32])).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Corrupt);
    assert!(error.source.to_string().starts_with("tokens.person_id of "), "{}", error.source);
}

/// It knows neither kinds nor people.
#[tokio::test]
async fn tokens_that_the_release_before_creates_are_for_what_they_were() {
    let (postgres, database) = postgres().await;
    connection(&database)
        .batch_execute(
            "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
                VALUES (gen_random_uuid(), 'ci', 'ci', 'read', sha256('a'), now());
            INSERT INTO tokens
                (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_zone, capture_gap)
                VALUES (gen_random_uuid(), 'ci', 'ci', 'capture', sha256('b'), now(), 'projects', 'UTC', 900)",
        )
        .unwrap();
    for kind in TokenKind::ALL {
        let query = ListTokens { kind: Some(kind), ..ListTokens::default() };
        let listed = TokenRepository::list(&postgres, query).await.unwrap().items;
        let expected = usize::from(matches!(kind, TokenKind::Api | TokenKind::Capture));
        assert_eq!(listed.len(), expected, "{kind}");
        assert!(listed.iter().all(|token| token.kind == kind && token.person.is_none()), "{listed:?}");
    }
}

#[tokio::test]
async fn a_row_that_does_not_parse_is_corrupt_and_named() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    entry(&postgres, &job).await;
    let mut connection = connection(&database);
    connection.batch_execute("UPDATE jobs SET name = E'bell\\x07'; UPDATE time_entries SET created_by = '  '").unwrap();
    let error = JobRepository::find(&postgres, job.id).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Corrupt);
    assert_eq!(error.source.to_string(), format!("jobs.name of {} holds bell\u{7}", job.id));
    let error = TimeEntryRepository::list(&postgres, ListTimeEntries::default()).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Corrupt);
    assert!(error.source.to_string().starts_with("time_entries.created_by of "), "{}", error.source);
}

/// The only connection to the database, because the server counts statistics when a connection ends.
async fn statistics(database: &TestDatabase) -> PgConnection {
    let mut connection = connection(database);
    let alone = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()";
    until(&mut connection, alone).await;
    connection
}

#[tokio::test]
async fn logging_time_updates_its_job_without_touching_an_index() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    for _ in 0..100 {
        entry(&postgres, &job).await;
    }
    drop(postgres);
    let mut connection = statistics(&database).await;
    let updates = |column| format!("SELECT {column} AS n FROM pg_stat_user_tables WHERE relname = 'jobs'");
    assert_eq!(number(&mut connection, &updates("n_tup_upd")), 100);
    // Sometimes a page is full before it is cleaned up.
    assert!(number(&mut connection, &updates("n_tup_hot_upd")) >= 95);
}

#[tokio::test]
async fn listings_walk_their_index_and_nothing_else() {
    let database = TestDatabase::create();
    connection(&database)
        .batch_execute(
            "INSERT INTO jobs SELECT gen_random_uuid(), 'Job', 'job', 'open', 0, 0, now() - n * interval '1 s', now()
                FROM generate_series(1, 1000) n;
            INSERT INTO time_entries SELECT gen_random_uuid(), id, 1, date '2026-01-01' + n, '',
                CASE WHEN n = 10 AND created_at >= now() - interval '12 s' THEN 'grace' ELSE 'ada' END, 0, now(), now()
                FROM jobs, generate_series(1, 20) n;
            INSERT INTO tokens
                (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_job, capture_zone, capture_gap)
                SELECT gen_random_uuid(), 'editor', 'ada', 'capture', sha256(n::text::bytea), now() - n * interval '1 s',
                    'job', '00000000-0000-0000-0000-000000000005', 'UTC', 900
                FROM generate_series(1, 1000) n;
            ANALYZE",
        )
        .unwrap();
    statistics(&database).await.batch_execute("SELECT pg_stat_reset()").unwrap();

    let postgres = Postgres::connect(&given::postgres(database.url())).await.unwrap();
    let size = PageSize::new(5).unwrap();
    let jobs = ListJobs { size, ..ListJobs::default() };
    let page = JobRepository::list(&postgres, jobs.clone()).await.unwrap();
    let after = page.items.last().map(JobCursor::from);
    JobRepository::list(&postgres, ListJobs { after, ..jobs }).await.unwrap();
    let all = ListTimeEntries { size, ..ListTimeEntries::default() };
    let of_job = ListTimeEntries { related_job: Some(page.items[0].id), ..all.clone() };
    // The few entries of this subject are not searched for among everybody's entries.
    let of_subject = ListTimeEntries { created_by: Some(Subject::new("grace").unwrap()), ..all.clone() };
    for query in [all, of_job, of_subject] {
        let page = TimeEntryRepository::list(&postgres, query.clone()).await.unwrap();
        let after = page.items.last().map(TimeEntryCursor::from);
        TimeEntryRepository::list(&postgres, ListTimeEntries { after, ..query }).await.unwrap();
    }

    let page = TokenRepository::list(&postgres, ListTokens { size, ..ListTokens::default() }).await.unwrap();
    TokenRepository::list(&postgres, ListTokens { size, after: page.next, ..ListTokens::default() }).await.unwrap();
    for related_job in [None, Some("00000000-0000-0000-0000-000000000005".parse().unwrap())] {
        let query = ListCapturing { related_job, size, ..ListCapturing::default() };
        let page = postgres.list_capturing(query.clone()).await.unwrap();
        postgres.list_capturing(ListCapturing { after: page.next, ..query }).await.unwrap();
    }

    drop(postgres);
    let mut connection = statistics(&database).await;
    for index in [
        "tokens_oldest_first",
        "jobs_newest_first",
        "time_entries_latest_first",
        "time_entries_of_job_latest_first",
        "time_entries_of_subject_latest_first",
    ] {
        let scans = format!("SELECT idx_scan AS n FROM pg_stat_user_indexes WHERE indexrelname = '{index}'");
        // The planner also reads an index, to see where it ends.
        assert!(number(&mut connection, &scans) >= 2, "{index}");
    }
    let whole = "SELECT sum(seq_scan)::bigint AS n FROM pg_stat_user_tables WHERE relname IN ('jobs', 'time_entries', 'tokens')";
    assert_eq!(number(&mut connection, whole), 0);
    // A page of six rows is read as six rows, and not as a table that is sorted first.
    let rows = "SELECT sum(idx_tup_read)::bigint AS n FROM pg_stat_user_indexes";
    assert!(number(&mut connection, rows) <= 14 * 6 + 6, "{} rows read", number(&mut connection, rows));
}

#[tokio::test]
async fn people_and_their_tokens_are_found_by_an_index_and_nothing_else() {
    let database = TestDatabase::create();
    connection(&database)
        .batch_execute(
            "INSERT INTO people SELECT gen_random_uuid(), 'p' || n, 'p' || n, 'P', NULL, 'member', 'active', 'UTC',
                'monday', NULL, 0, now() - n * interval '1 s', now() FROM generate_series(1, 1000) n;
            INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, expires_at, kind, person_id)
                SELECT gen_random_uuid(), 'p', handle, 'admin', sha256((handle || n)::bytea),
                    created_at + n * interval '1 s', now(), 'session', id
                FROM people, generate_series(1, 10) n;
            INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
                SELECT gen_random_uuid(), 'ci', 'ci', 'read', sha256(n::text::bytea), now() - n * interval '1 s'
                FROM generate_series(1, 1000) n;
            INSERT INTO tokens
                (id, name, subject, scopes, secret_hash, created_at, capture_target, capture_zone, capture_gap)
                SELECT gen_random_uuid(), 'editor', 's' || n % 100, 'capture', sha256(('c' || n)::bytea),
                    now() - n * interval '1 s', 'projects', 'UTC', 900
                FROM generate_series(1, 1000) n;
            ANALYZE",
        )
        .unwrap();
    statistics(&database).await.batch_execute("SELECT pg_stat_reset()").unwrap();

    let postgres = Postgres::connect(&given::postgres(database.url())).await.unwrap();
    let size = PageSize::new(5).unwrap();
    let people = ListPeople { size, role: Some(Role::Member), ..ListPeople::default() };
    let page = PersonRepository::list(&postgres, people).await.unwrap();
    let person = page.items.first().map(|person| person.id);
    PersonRepository::list(&postgres, ListPeople { after: page.next, ..people }).await.unwrap();
    for (kind, person) in [
        (None, person),
        (Some(TokenKind::Session), person),
        (Some(TokenKind::Session), None),
        (Some(TokenKind::Api), None),
        (Some(TokenKind::Capture), None),
    ] {
        let query = ListTokens { kind, person, size, after: None };
        let page = TokenRepository::list(&postgres, query).await.unwrap();
        assert!(page.next.is_some());
        TokenRepository::list(&postgres, ListTokens { after: page.next, ..query }).await.unwrap();
        let known = postgres.find_by_hash(page.items[0].secret_hash).await.unwrap().unwrap();
        assert_eq!(known.standing.is_some(), page.items[0].person.is_some());
    }
    let capturing = ListCapturing { subject: Some(Subject::new("s7").unwrap()), size, ..ListCapturing::default() };
    let page = postgres.list_capturing(capturing.clone()).await.unwrap();
    postgres.list_capturing(ListCapturing { after: page.next, ..capturing }).await.unwrap();
    assert_eq!(postgres.prune_sessions(at(0)).await.unwrap(), 0);

    drop(postgres);
    let mut connection = statistics(&database).await;
    let whole = "SELECT sum(seq_scan)::bigint AS n FROM pg_stat_user_tables WHERE relname IN ('people', 'tokens')";
    assert_eq!(number(&mut connection, whole), 0);
    let rows = "SELECT sum(idx_tup_read)::bigint AS n FROM pg_stat_user_indexes";
    // Fourteen pages of six rows, some rows by their keys, and where the planner looks. An index has a thousand rows.
    assert!(number(&mut connection, rows) <= 200, "{} rows read", number(&mut connection, rows));
}

/// Also in a ledger that the server has not counted yet.
#[tokio::test]
async fn a_new_handle_is_compared_with_one_entry_of_each_subject() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    let create = async |handle: &str| {
        let (id, at) = (PersonId::new(id()), at(0));
        let person = Person {
            id,
            handle: Handle::new(handle).unwrap(),
            name: PersonName::new("Ada").unwrap(),
            email: None,
            role: Role::Member,
            status: PersonStatus::Active,
            time_zone: Zone::UTC,
            week_starts_on: WeekStart::Monday,
            version: Version::initial(at),
            created_at: at,
            updated_at: at,
        };
        PersonRepository::create(&postgres, CreatePerson { person, adopt: false, invitation: None }).await
    };
    create("grace").await.unwrap();
    connection(&database)
        .batch_execute(&format!(
            "ALTER TABLE time_entries SET (autovacuum_enabled = false);
            INSERT INTO time_entries SELECT gen_random_uuid(), '{}', 1, date '2026-01-01' + n, '', 's' || n % 3, 0,
                now(), now() FROM generate_series(1, 30000) n",
            job.id
        ))
        .unwrap();
    create("ada").await.unwrap();
    assert!(matches!(create("S2").await, Err(CreatePersonError::SubjectTaken(_))));
    drop(postgres);
    let mut connection = statistics(&database).await;
    let read = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_user_tables WHERE relname = 'time_entries'";
    assert!(number(&mut connection, read) <= 50, "{} entries read", number(&mut connection, read));
}
