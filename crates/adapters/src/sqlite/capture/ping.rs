//! Pings. [`crate::capture::counting`] decides what they do, from rows that were read under the write lock.

mod around;
mod captured;
mod find;
mod project;
mod retract;
mod rows;
mod store;

use async_trait::async_trait;
use diesel::{RunQueryDsl, SqliteConnection};
use stint_domain::capture::ports::PingRepository;
use stint_domain::capture::ports::ping::{
    CapturedTime, ListCaptured, ListPings, LogPings, PingCursor, RetractPing, RetractPingError,
};
use stint_domain::capture::{LoggedPing, PingOutcome};
use stint_domain::values::PingId;
use stint_domain::{BackendError, Page};

use self::find::find;
use self::rows::{PingRow, PingSelection};
use crate::capture::counting::{Around, Captured, Reach};
use crate::capture::listing::pings as listed;
use crate::sqlite::Sqlite;
use crate::sqlite::ledger::group;
use crate::sqlite::rows::page;
use crate::sqlite::sql::Dialect;

#[async_trait]
impl PingRepository for Sqlite {
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        self.write(move |connection| log(connection, &command)).await
    }

    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError> {
        self.write(move |connection| retract::retract(connection, command)).await
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        self.read(move |connection| find(connection, id)).await
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        self.read(move |connection| {
            page(listed::<PingSelection, Dialect>(&query).load::<PingRow>(connection), query.size)
        })
        .await
    }

    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        self.read(move |connection| captured::captured(connection, query)).await
    }
}

fn log(connection: &mut SqliteConnection, LogPings { pings, at }: &LogPings) -> Result<Vec<PingOutcome>, BackendError> {
    let outcomes = around::outcomes(connection, pings.iter().map(|ping| ping.id))?;
    let is_logged = |id: PingId| outcomes.contains_key(&id);
    let aimed = project::aim(connection, pings, is_logged, *at)?.at(pings);
    let streams = around::streams(connection, &Reach::of(&aimed, is_logged))?;
    let mut captured = Captured { outcomes, streams, ..Captured::default() };
    let around = Around::of(&aimed, &captured);
    let scope = around.scope();
    let before = group::read(connection, &scope)?;
    captured.days = around::days(connection, &around)?;
    let mut ledger = before.clone();
    let logged = ledger.log(&mut captured, &aimed, &around, *at)?;
    group::store(connection, &ledger.differences_from(&before), &scope)?;
    store::pings(connection, &logged.new)?;
    store::marks(connection, logged.unmarked, false)?;
    store::days(connection, &captured, &logged.days)?;
    store::used(connection, pings)?;
    Ok(logged.outcomes)
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{JobId, Timestamp, TokenId};
    use uuid::Uuid;

    use super::*;
    use crate::sql::Varying;
    use crate::sqlite::query_plan::query_plan;
    use crate::sqlite::sql::Sql;

    fn listing(query: &ListPings) -> Sql<'_, Varying<PingSelection>> {
        listed(query)
    }

    #[test]
    fn a_page_starts_at_its_place_in_the_index() {
        let after = PingCursor { received_at: Timestamp::from_micros(0).unwrap(), id: PingId::new(Uuid::nil()) };
        let plans = |query: ListPings| {
            let next = ListPings { after: Some(after), ..query.clone() };
            [query, next].map(|query| query_plan(&listing(&query)).join(", "))
        };
        let [first, next] = plans(ListPings::default());
        assert_eq!(first, "SCAN pings USING INDEX pings_latest_first");
        assert_eq!(next, "SEARCH pings USING INDEX pings_latest_first ((received_at,id)<(?,?))");
        let [first, next] = plans(ListPings { related_job: Some(JobId::new(Uuid::nil())), ..ListPings::default() });
        assert_eq!(first, "SEARCH pings USING INDEX pings_of_job_latest_first (related_job=?)");
        let place = "related_job=? AND (received_at,id)<(?,?)";
        assert_eq!(next, format!("SEARCH pings USING INDEX pings_of_job_latest_first ({place})"));
        let [first, _] = plans(ListPings { token: Some(TokenId::new(Uuid::nil())), ..ListPings::default() });
        assert_eq!(first, "SEARCH pings USING INDEX pings_of_token_latest_first (token_id=?)");
    }
}
