//! Pages of pings.

use diesel::dsl::{AsSelect, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use stint_domain::capture::LoggedPing;
use stint_domain::capture::ports::ping::{ListPings, PingCursor};
use stint_domain::{BackendError, Page};

use super::rows::PingRow;
use crate::sqlite::error::classify;
use crate::sqlite::keyset::before;
use crate::sqlite::schema::pings;

pub(super) fn page(
    connection: &mut SqliteConnection,
    query: &ListPings,
) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
    let rows: Vec<PingRow> = listing(query).load(connection).map_err(classify)?;
    let pings: Vec<LoggedPing> = rows.into_iter().map(LoggedPing::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(pings, query.size, |ping| ping.into()))
}

type Listing<'a> = IntoBoxed<'a, Select<pings::table, AsSelect<PingRow, Sqlite>>, Sqlite>;

fn listing(query: &ListPings) -> Listing<'_> {
    let mut listing = pings::table
        .select(PingRow::as_select())
        .order((pings::received_at.desc(), pings::id.desc()))
        .limit(query.size.with_lookahead())
        .into_boxed();
    if let Some(token) = query.token {
        listing = listing.filter(pings::token_id.eq(token.as_uuid().into_bytes()));
    }
    if let Some(job) = query.related_job {
        listing = listing.filter(pings::related_job.eq(job.as_uuid().into_bytes()));
    }
    if let Some(status) = query.status {
        listing = listing.filter(pings::status.eq(status.as_str()));
    }
    if let Some(PingCursor { received_at, id }) = query.after {
        let place = (received_at.as_micros(), id.as_uuid().into_bytes());
        listing = listing.filter(before((pings::received_at, pings::id), place));
    }
    listing
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{JobId, PingId, Timestamp, TokenId};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

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
