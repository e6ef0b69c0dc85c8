//! All suites that a backend with the whole ledger owes.

/// Makes one test of each clause. The first argument is an `async fn` that gives a fresh adapter and what keeps its
/// storage; the second a `fn` that makes a job's total what no write could.
macro_rules! suites {
    ($fresh:path, $plant:path) => {
        async fn ledger() -> stint_conformance::Ledger {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Ledger::new(adapter, guard)
        }

        async fn capture() -> stint_conformance::Capture {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Capture::new(adapter, guard)
        }

        async fn drifting() -> stint_conformance::ledger::totals::drift::Drifting {
            let (adapter, guard) = $fresh().await;
            let guard = std::sync::Arc::new(guard);
            stint_conformance::ledger::totals::drift::Drifting {
                ledger: stint_conformance::Ledger::new(adapter.clone(), guard.clone()),
                plant: std::sync::Arc::new(move |job, total| {
                    $plant(&adapter, &guard, job, total);
                    Box::pin(async {})
                }),
            }
        }

        async fn full() -> stint_conformance::capture::ping::full::Full {
            let (adapter, guard) = $fresh().await;
            let guard = std::sync::Arc::new(guard);
            stint_conformance::capture::ping::full::Full {
                capture: stint_conformance::Capture::new(adapter.clone(), guard.clone()),
                plant: std::sync::Arc::new(move |job, total| {
                    $plant(&adapter, &guard, job, total);
                    Box::pin(async {})
                }),
            }
        }

        async fn projects() -> stint_conformance::Projects {
            let (adapter, guard) = $fresh().await;
            let capture = stint_conformance::Capture::new(adapter.clone(), guard);
            stint_conformance::Projects { capture, new_projects: std::sync::Arc::new(adapter) }
        }

        async fn tokens() -> stint_conformance::Fixture<dyn stint_domain::access::ports::TokenRepository> {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Fixture::new(std::sync::Arc::new(adapter), guard)
        }

        async fn people() -> stint_conformance::People {
            let (adapter, guard) = $fresh().await;
            stint_conformance::People::new(adapter, guard)
        }

        async fn identities() -> stint_conformance::Identities {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Identities::new(adapter, guard)
        }

        async fn timers() -> stint_conformance::Timers {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Timers::new(adapter, guard)
        }

        async fn health() -> stint_conformance::Fixture<dyn stint_domain::HealthCheck> {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Fixture::new(std::sync::Arc::new(adapter), guard)
        }

        async fn tasks() -> stint_conformance::Fixture<dyn stint_domain::background::ports::TaskLog> {
            let (adapter, guard) = $fresh().await;
            stint_conformance::Fixture::new(std::sync::Arc::new(adapter), guard)
        }

        async fn house() -> stint_conformance::House {
            let (adapter, guard) = $fresh().await;
            stint_conformance::House::new(adapter, guard)
        }

        async fn ping_house() -> stint_conformance::PingHouse {
            let (adapter, guard) = $fresh().await;
            let capture = stint_conformance::Capture::new(adapter.clone(), guard);
            stint_conformance::PingHouse { capture, housekeeping: std::sync::Arc::new(adapter) }
        }

        async fn session_house() -> stint_conformance::SessionHouse {
            let (adapter, guard) = $fresh().await;
            stint_conformance::SessionHouse::new(adapter, guard)
        }

        stint_conformance::ledger!(ledger);
        stint_conformance::totals_audit_finds!(drifting);
        stint_conformance::new_projects!(projects);
        stint_conformance::ping_repository!(capture);
        stint_conformance::ping_repository_fails_whole!(full);
        stint_conformance::token_repository!(tokens);
        stint_conformance::person_repository!(people);
        stint_conformance::identity_repository!(identities);
        stint_conformance::timer_repository!(timers);
        stint_conformance::health_check!(health);
        stint_conformance::task_log!(tasks);
        stint_conformance::housekeeping!(house);
        stint_conformance::housekeeping_of_pings!(ping_house);
        stint_conformance::housekeeping_of_sessions!(session_house);
    };
}

/// The same for a database whose schema migrations make: its health check notices when they are missing.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
macro_rules! suites_of_a_database {
    ($fresh:path, $plant:path) => {
        crate::suites::suites!($fresh, $plant);

        async fn breakable() -> stint_conformance::health::Breakable {
            let (adapter, guard) = $fresh().await;
            let (up, down) = (adapter.migrator(), adapter.migrator());
            stint_conformance::health::Breakable {
                health: stint_conformance::Fixture::new(std::sync::Arc::new(adapter), guard),
                spoil: std::sync::Arc::new(move || {
                    let migrator = down.clone();
                    Box::pin(async move { drop(migrator.down().await.unwrap()) })
                }),
                mend: std::sync::Arc::new(move || {
                    let migrator = up.clone();
                    Box::pin(async move { drop(migrator.up().await.unwrap()) })
                }),
            }
        }

        stint_conformance::health_check_notices!(breakable);
    };
}

pub(crate) use suites;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use suites_of_a_database;
