//! The suite, each clause on a file of its own.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use stint_conformance::capture::ping::full::Full;
use stint_conformance::health::Breakable;
use stint_conformance::ledger::totals::drift::Drifting;
use stint_conformance::{Capture, Fixture, House, Ledger, PingHouse, Projects};
use stint_domain::HealthCheck;
use stint_domain::access::ports::TokenRepository;
use stint_domain::background::ports::TaskLog;

use super::{bare, database};

async fn ledger() -> Ledger {
    let (sqlite, folder) = database().await;
    Ledger::new(sqlite, folder)
}

async fn drifting() -> Drifting {
    let (sqlite, folder) = database().await;
    let folder = Arc::new(folder);
    Drifting {
        ledger: Ledger::new(sqlite, folder.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = x'{}'", job.as_uuid().simple());
            bare(&folder).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

async fn tokens() -> Fixture<dyn TokenRepository> {
    let (sqlite, folder) = database().await;
    Fixture::new(Arc::new(sqlite), folder)
}

async fn health() -> Fixture<dyn HealthCheck> {
    let (sqlite, folder) = database().await;
    Fixture::new(Arc::new(sqlite), folder)
}

async fn breakable() -> Breakable {
    let (sqlite, folder) = database().await;
    let (up, down) = (sqlite.migrator(), sqlite.migrator());
    Breakable {
        health: Fixture::new(Arc::new(sqlite), folder),
        spoil: Arc::new(move || {
            let migrator = down.clone();
            Box::pin(async move { drop(migrator.down().await.unwrap()) })
        }),
        mend: Arc::new(move || {
            let migrator = up.clone();
            Box::pin(async move { drop(migrator.up().await.unwrap()) })
        }),
    }
}

async fn tasks() -> Fixture<dyn TaskLog> {
    let (sqlite, folder) = database().await;
    Fixture::new(Arc::new(sqlite), folder)
}

async fn house() -> House {
    let (sqlite, folder) = database().await;
    House::new(sqlite, folder)
}

async fn capture() -> Capture {
    let (sqlite, folder) = database().await;
    Capture::new(sqlite, folder)
}

async fn full() -> Full {
    let (sqlite, folder) = database().await;
    let folder = Arc::new(folder);
    Full {
        capture: Capture::new(sqlite, folder.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = x'{}'", job.as_uuid().simple());
            bare(&folder).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

async fn ping_house() -> PingHouse {
    let (sqlite, folder) = database().await;
    PingHouse { capture: Capture::new(sqlite.clone(), folder), housekeeping: Arc::new(sqlite) }
}

async fn projects() -> Projects {
    let (sqlite, folder) = database().await;
    Projects { capture: Capture::new(sqlite.clone(), folder), new_projects: Arc::new(sqlite) }
}

stint_conformance::ledger!(ledger);
stint_conformance::totals_audit_finds!(drifting);
stint_conformance::new_projects!(projects);
stint_conformance::ping_repository!(capture);
stint_conformance::ping_repository_fails_whole!(full);
stint_conformance::token_repository!(tokens);
stint_conformance::health_check!(health);
stint_conformance::health_check_notices!(breakable);
stint_conformance::task_log!(tasks);
stint_conformance::housekeeping!(house);
stint_conformance::housekeeping_of_pings!(ping_house);
