//! The suite, each clause on a database of its own.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use stint_conformance::capture::ping::full::Full;
use stint_conformance::health::Breakable;
use stint_conformance::ledger::totals::drift::Drifting;
use stint_conformance::{Capture, Fixture, House, Ledger, PingHouse, Projects};
use stint_domain::HealthCheck;
use stint_domain::access::ports::TokenRepository;
use stint_domain::background::ports::TaskLog;

use super::{connection, postgres};

async fn ledger() -> Ledger {
    let (postgres, database) = postgres().await;
    Ledger::new(postgres, database)
}

async fn drifting() -> Drifting {
    let (postgres, database) = postgres().await;
    let database = Arc::new(database);
    Drifting {
        ledger: Ledger::new(postgres, database.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = '{job}'");
            connection(&database).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

async fn tokens() -> Fixture<dyn TokenRepository> {
    let (postgres, database) = postgres().await;
    Fixture::new(Arc::new(postgres), database)
}

async fn health() -> Fixture<dyn HealthCheck> {
    let (postgres, database) = postgres().await;
    Fixture::new(Arc::new(postgres), database)
}

async fn breakable() -> Breakable {
    let (postgres, database) = postgres().await;
    let (up, down) = (postgres.migrator(), postgres.migrator());
    Breakable {
        health: Fixture::new(Arc::new(postgres), database),
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
    let (postgres, database) = postgres().await;
    Fixture::new(Arc::new(postgres), database)
}

async fn house() -> House {
    let (postgres, database) = postgres().await;
    House::new(postgres, database)
}

async fn capture() -> Capture {
    let (postgres, database) = postgres().await;
    Capture::new(postgres, database)
}

async fn full() -> Full {
    let (postgres, database) = postgres().await;
    let database = Arc::new(database);
    Full {
        capture: Capture::new(postgres, database.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = '{job}'");
            connection(&database).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

async fn ping_house() -> PingHouse {
    let (postgres, database) = postgres().await;
    PingHouse { capture: Capture::new(postgres.clone(), database), housekeeping: Arc::new(postgres) }
}

async fn projects() -> Projects {
    let (postgres, database) = postgres().await;
    Projects { capture: Capture::new(postgres.clone(), database), new_projects: Arc::new(postgres) }
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
