//! Opaque tokens for places in a listing. Each resource defines what a place in its listing is.
//!
//! A token is base64url of a version byte, the place in binary, and a checksum over the place, the listing and its
//! filters. The checksum is no secret and protects nothing. It makes an error of a token that was cut, edited or taken
//! from another listing, instead of a wrong page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;

/// The token is not ours, or not for this listing with these filters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be the `next_cursor` of a page of this listing with these filters")]
pub(crate) struct CursorError;

/// A place in a listing that has a binary form.
pub(crate) trait Place: Sized {
    /// The listing's name.
    const LISTING: &str;

    /// The number by which the listing is ordered, and the id that breaks ties.
    fn parts(&self) -> (i64, Uuid);

    /// The place with these parts, if they are valid.
    fn from_parts(key: i64, id: Uuid) -> Option<Self>;
}

/// Implements [`Place`] for a cursor of a moment and an id.
macro_rules! place_in_time {
    ($cursor:ident, $moment:ident, $id:ident, $listing:literal) => {
        impl $crate::cursor::Place for $cursor {
            const LISTING: &str = $listing;

            fn parts(&self) -> (i64, uuid::Uuid) {
                (self.$moment.as_micros(), self.id.as_uuid())
            }

            fn from_parts(key: i64, id: uuid::Uuid) -> Option<Self> {
                Some(Self { $moment: stint_domain::values::Timestamp::from_micros(key).ok()?, id: $id::new(id) })
            }
        }
    };
}

pub(crate) use place_in_time;

/// The token of a place in a listing with these filters.
pub(crate) fn write<P: Place>(place: &P, filters: &str) -> String {
    let (key, id) = place.parts();
    let mut token = Vec::with_capacity(1 + 8 + 16 + CHECK_BYTES);
    token.push(VERSION);
    token.extend_from_slice(&key.to_be_bytes());
    token.extend_from_slice(id.as_bytes());
    let check = check::<P>(&token, filters);
    token.extend_from_slice(&check);
    URL_SAFE_NO_PAD.encode(token)
}

/// The place of a token that [`write()`] made for the same listing and filters.
pub(crate) fn read<P: Place>(token: &str, filters: &str) -> Result<P, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_not_base64| CursorError)?;
    let (place, checked) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(CursorError)?;
    if *checked != check::<P>(place, filters) {
        return Err(CursorError);
    }
    let (&version, place) = place.split_first().ok_or(CursorError)?;
    let (key, id) = place.split_first_chunk::<8>().ok_or(CursorError)?;
    match Uuid::from_slice(id) {
        Ok(id) if version == VERSION => P::from_parts(i64::from_be_bytes(*key), id).ok_or(CursorError),
        _ => Err(CursorError),
    }
}

fn check<P: Place>(place: &[u8], filters: &str) -> [u8; CHECK_BYTES] {
    let mut hash = Sha256::new();
    hash.update(P::LISTING);
    hash.update(place);
    hash.update(filters);
    let hash: [u8; 32] = hash.finalize().into();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&hash[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use stint_domain::ledger::ports::job::JobCursor;
    use stint_domain::ledger::ports::time_entry::TimeEntryCursor;
    use stint_domain::values::{DateStamp, JobId, TimeEntryId, Timestamp};

    use super::*;

    fn place() -> JobCursor {
        JobCursor { created_at: Timestamp::from_micros(1_700_000_000_000_001).unwrap(), id: JobId::new(Uuid::max()) }
    }

    #[test]
    fn a_token_reads_back_for_its_own_listing_and_filters_alone() {
        let token = write(&place(), "open");
        assert_eq!(read(&token, "open"), Ok(place()));
        assert_eq!(read::<JobCursor>(&token, "archived"), Err(CursorError));
        assert_eq!(read::<TimeEntryCursor>(&token, "open"), Err(CursorError));
    }

    #[test]
    fn every_edit_of_a_token_is_noticed() {
        let token = write(&place(), "");
        for at in 0..token.len() {
            let mut edited = token.clone().into_bytes();
            edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read::<JobCursor>(std::str::from_utf8(&edited).unwrap(), ""), Err(CursorError), "at {at}");
            assert_eq!(read::<JobCursor>(&token[..at], ""), Err(CursorError), "cut at {at}");
        }
        assert_eq!(read::<JobCursor>(&format!("{token}="), ""), Err(CursorError));
    }

    proptest! {
        #[test]
        fn every_place_in_the_entries_reads_back(days in 1i32..=3_652_059, id: u128) {
            let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let id = TimeEntryId::new(Uuid::from_u128(id));
            let place = TimeEntryCursor { date_stamp: DateStamp::new(date).unwrap(), id };
            prop_assert_eq!(read(&write(&place, "f"), "f"), Ok(place));
        }

        #[test]
        fn no_text_makes_reading_panic(token in "[A-Za-z0-9_-]{0,80}") {
            let _ = read::<JobCursor>(&token, "");
        }
    }
}
