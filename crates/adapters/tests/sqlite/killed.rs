//! A write that was answered is in the file, even if the process is killed right after.

use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::process::{Command, Stdio};

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use stint_adapters::sqlite::Sqlite;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository, TotalsAudit};
use stint_domain::values::TimeEntryId;

use super::{bare, database, job, record};

use crate::given;

/// Set in the process that is killed, which runs this same test in its other role.
const VICTIM_OF: &str = "STINT_TEST_VICTIM_OF";

#[tokio::test]
async fn acknowledged_writes_survive_a_killed_process() {
    if let Some(path) = env::var_os(VICTIM_OF) {
        write_until_killed(Sqlite::open(&given::sqlite(path)).unwrap()).await;
    }
    let (sqlite, folder) = database().await;
    sqlite.create(job(1)).await.unwrap();

    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "sqlite::killed::acknowledged_writes_survive_a_killed_process"])
        .env(VICTIM_OF, super::settings(&folder).path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut stored = Vec::new();
    for line in lines {
        stored.extend(line.unwrap().strip_prefix("stored ").map(|id| id.parse::<TimeEntryId>().unwrap()));
        if stored.len() == 50 {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();

    assert!(stored.len() >= 50, "the victim ended by itself after {} writes", stored.len());
    for id in stored {
        assert!(TimeEntryRepository::find(&sqlite, id).await.unwrap().is_some(), "{id} was answered and is lost");
    }
    assert_eq!(sqlite.audit().await.unwrap().drifts, []);
    let integrity = diesel::select(sql::<Text>("(SELECT integrity_check FROM pragma_integrity_check)"));
    assert_eq!(integrity.get_result::<String>(&mut bare(&folder)).unwrap(), "ok");
}

async fn write_until_killed(sqlite: Sqlite) -> ! {
    for id in 2.. {
        let entry = sqlite.record(record(id, None)).await.unwrap().outcome;
        let mut stdout = stdout().lock();
        writeln!(stdout, "stored {}", entry.id).unwrap();
        stdout.flush().unwrap();
    }
    unreachable!("it is killed first")
}
