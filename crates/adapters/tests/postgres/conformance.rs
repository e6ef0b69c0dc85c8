//! The suites, each clause on a database of its own.

use diesel::connection::SimpleConnection;
use stint_adapters::postgres::Postgres;
use stint_adapters::postgres::test_database::TestDatabase;
use stint_domain::ledger::TotalMinutes;
use stint_domain::values::JobId;

fn plant(_: &Postgres, database: &TestDatabase, job: JobId, total: TotalMinutes) {
    let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = '{job}'");
    super::connection(database).batch_execute(&sql).unwrap();
}

crate::suites::suites_of_a_database!(super::postgres, plant);

mod behind_a_transaction_pooler {
    use std::sync::Arc;

    use stint_adapters::postgres::PostgresSettings;
    use stint_conformance::{Fixture, People, Timers};
    use stint_domain::access::ports::TokenRepository;

    use super::*;
    use crate::given;
    use crate::postgres::pooler::Pooler;

    async fn pooled() -> (Postgres, (Pooler, TestDatabase)) {
        let database = TestDatabase::create();
        let pooler = Pooler::up(&database);
        let settings = PostgresSettings { transaction_pooling: true, ..given::postgres(pooler.url()) };
        (Postgres::connect(&settings).await.unwrap(), (pooler, database))
    }

    async fn tokens() -> Fixture<dyn TokenRepository> {
        let (postgres, guard) = pooled().await;
        Fixture::new(Arc::new(postgres), guard)
    }

    async fn people() -> People {
        let (postgres, guard) = pooled().await;
        People::new(postgres, guard)
    }

    async fn timers() -> Timers {
        let (postgres, guard) = pooled().await;
        Timers::new(postgres, guard)
    }

    stint_conformance::token_repository!(tokens);
    stint_conformance::person_repository!(people);
    stint_conformance::timer_repository!(timers);
}
