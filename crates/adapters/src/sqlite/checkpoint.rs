//! Checkpoints: copying the write-ahead log into the file, beside the writes.
//!
//! Left to itself, SQLite copies the whole log at the end of one commit, whose caller waits for tens of milliseconds.
//! Here a write only looks how long the log is. If it is long, another connection copies it while writes go on
//! ([`super::session`]), and then what these have added, which is less each time. The log begins anew with a write that
//! finds all of it copied, and while many write none does. So when little is left, a write copies that itself.
//!
//! The writer's `wal_autocheckpoint` remains behind this as the last bound, for a disk on which steps are too slow.

use std::ops::RangeInclusive;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::sql::Sql;
use crate::sql::statements;

/// From how many pages on the log is copied, and should begin anew: 32 MiB. Earlier, pages that many commits change would
/// be copied more often; that costs more than all else here.
const LONG: i32 = 8192;

/// What a write may copy itself. The lower bound is for the case that readers still need the log and it does not begin
/// anew: then not every write copies.
const LITTLE: RangeInclusive<i32> = 64..=256;

statements! {
    Look: (Integer, Integer, Integer) = "PRAGMA wal_checkpoint(NOOP)";
    Copy: (Integer, Integer, Integer) = "PRAGMA wal_checkpoint(PASSIVE)";
}

/// The log's pages, and how many of them were copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) pages: i32,
    pub(super) copied: i32,
}

impl Log {
    /// Looks, and copies nothing.
    pub(super) fn look(connection: &mut SqliteConnection) -> QueryResult<Self> {
        Sql::<Look>::constant().get_result(connection).map(Self::read)
    }

    /// Copies what is there now, and waits for nobody: what readers still need remains.
    pub(super) fn copy(connection: &mut SqliteConnection) -> QueryResult<Self> {
        Sql::<Copy>::constant().get_result(connection).map(Self::read)
    }

    fn read((_busy, pages, copied): (i32, i32, i32)) -> Self {
        Self { pages, copied }
    }

    fn left(self) -> i32 {
        self.pages - self.copied
    }
}

/// Looks after a commit of `writer`, and copies a little if that lets the log begin anew. Returns whether a step is due.
pub(super) fn is_due_after_write(writer: &mut SqliteConnection) -> QueryResult<bool> {
    let log = Log::look(writer)?;
    if log.pages >= LONG && LITTLE.contains(&log.left()) {
        return Log::copy(writer).map(|_log| false);
    }
    Ok(log.pages >= LONG && log.left() > *LITTLE.end())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::sqlite::connection::{Role, open};
    use crate::sqlite::file;

    #[test]
    fn a_write_copies_the_little_that_a_step_has_left_and_the_log_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = file::create(&folder.path().join("stint.db")).unwrap();
        let open = |role| open(&path, role, Duration::ZERO).unwrap();
        let (mut writer, mut reader) = (open(Role::Writer), open(Role::Reader));
        writer.batch_execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)").unwrap();
        let write = |writer: &mut SqliteConnection, pages: i32| {
            writer.batch_execute(&format!("REPLACE INTO t VALUES (1, zeroblob({}))", pages * 4096)).unwrap();
        };
        write(&mut writer, LONG);
        // While somebody reads what is in the log, it goes on.
        reader.batch_execute("BEGIN; SELECT * FROM t").unwrap();
        Log::copy(&mut writer).unwrap();
        write(&mut writer, 100);
        let log = Log::look(&mut writer).unwrap();
        assert!(log.pages > LONG && LITTLE.contains(&log.left()), "{log:?}");
        reader.batch_execute("COMMIT").unwrap();

        assert!(!is_due_after_write(&mut writer).unwrap());
        assert_eq!(Log::look(&mut writer).unwrap().left(), 0);
        write(&mut writer, 1);
        assert!(Log::look(&mut writer).unwrap().pages < 100);
    }
}
