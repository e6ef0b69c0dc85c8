//! Pages of tokens.

use diesel::dsl::{AsSelect, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use stint_domain::access::ports::token::{ListCapturing, ListTokens, TokenCursor};

use crate::sqlite::access::rows::TokenRow;
use crate::sqlite::keyset::{after, before};
use crate::sqlite::schema::tokens;

type Listing = IntoBoxed<'static, Select<tokens::table, AsSelect<TokenRow, Sqlite>>, Sqlite>;

/// All tokens, oldest first.
pub(super) fn all(query: &ListTokens) -> Listing {
    let mut listing = tokens::table
        .select(TokenRow::as_select())
        .order((tokens::created_at, tokens::id))
        .limit(query.size.with_lookahead())
        .into_boxed();
    if let Some(place) = query.after {
        listing = listing.filter(after((tokens::created_at, tokens::id), stored(place)));
    }
    listing
}

/// Capture tokens, latest first.
pub(super) fn capturing(query: &ListCapturing) -> Listing {
    let mut listing = tokens::table
        .select(TokenRow::as_select())
        .order((tokens::created_at.desc(), tokens::id.desc()))
        .limit(query.size.with_lookahead())
        .into_boxed()
        .filter(tokens::capture_target.is_not_null());
    if let Some(job) = query.related_job {
        listing = listing.filter(tokens::capture_job.eq(job.as_uuid().into_bytes()));
    }
    if let Some(place) = query.after {
        listing = listing.filter(before((tokens::created_at, tokens::id), stored(place)));
    }
    listing
}

fn stored(place: TokenCursor) -> (i64, [u8; 16]) {
    (place.created_at.as_micros(), place.id.as_uuid().into_bytes())
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{JobId, Timestamp, TokenId};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn a_page_of_tokens_starts_at_its_place_in_the_index() {
        let place = TokenCursor { created_at: Timestamp::from_micros(0).unwrap(), id: TokenId::new(Uuid::nil()) };
        assert_eq!(query_plan(&all(&ListTokens::default())), ["SCAN tokens USING INDEX tokens_oldest_first"]);
        let next = query_plan(&all(&ListTokens { after: Some(place), ..ListTokens::default() }));
        assert_eq!(next, ["SEARCH tokens USING INDEX tokens_oldest_first ((created_at,id)>(?,?))"]);

        let next = query_plan(&capturing(&ListCapturing { after: Some(place), ..ListCapturing::default() }));
        assert_eq!(next, ["SEARCH tokens USING INDEX tokens_capturing ((created_at,id)<(?,?))"]);
        let job = Some(JobId::new(Uuid::nil()));
        let of_job = query_plan(&capturing(&ListCapturing { related_job: job, ..ListCapturing::default() }));
        assert_eq!(of_job, ["SEARCH tokens USING INDEX tokens_of_job (capture_job=?)"]);
    }
}
