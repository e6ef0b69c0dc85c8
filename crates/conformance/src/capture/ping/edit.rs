//! Edits of derived entries by somebody else: which ones make the entry theirs, and which do not.

use stint_domain::access::Token;
use stint_domain::capture::{PingOutcome, PingRefusal};
use stint_domain::ledger::ports::time_entry::{NewTimeEntry, TimeEntryChanges, UpdateTimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::{Capture, signal, telling, worked};
use crate::given::{delete_entry, put_entry, set_minutes, subject, summary, update_entry};

/// A job, its token, and the derived entry of 10 minutes with the summary "told".
async fn ten_minutes(capture: &Capture) -> (JobId, Token, TimeEntryId) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[telling(&token, 0, "told"), signal(&token, 10)]).await;
    let id = capture.only_entry(job).await.id;
    (job, token, id)
}

fn tell(id: TimeEntryId, text: &str) -> UpdateTimeEntry {
    let changes = TimeEntryChanges { work_summary: Some(summary(text)), ..TimeEntryChanges::default() };
    UpdateTimeEntry { changes, ..update_entry(id) }
}

/// For example with the same minutes, or with the whole entry again.
pub async fn an_edit_that_changes_no_minutes_date_or_job_leaves_the_entry_to_capture(capture: Capture) {
    let (job, token, id) = ten_minutes(&capture).await;
    capture.ledger.time_entries.update(set_minutes(id, 10)).await.unwrap();
    capture.log(&[signal(&token, 14)]).await;
    let entry = capture.only_entry(job).await;
    assert_eq!((entry.minutes_worked.get(), &entry.work_summary), (14, &summary("told")));
    let same = NewTimeEntry {
        id,
        related_job: job,
        minutes_worked: entry.minutes_worked,
        date_stamp: entry.date_stamp,
        work_summary: entry.work_summary,
        created_by: subject("grace"),
    };
    capture.ledger.time_entries.put(put_entry(same)).await.unwrap();
    capture.log(&[telling(&token, 20, "told later")]).await;
    let entry = capture.only_entry(job).await;
    assert_eq!((entry.minutes_worked.get(), entry.work_summary), (20, summary("told later")));
    capture.ledger.assert_totals_are_sums().await;
}

/// Whatever summaries pings have, whether they come or are taken back, and even when the entry is deleted and made
/// again.
pub async fn a_summary_that_somebody_wrote_stays(capture: Capture) {
    let (job, token, id) = ten_minutes(&capture).await;
    capture.ledger.time_entries.update(tell(id, "mine")).await.unwrap();
    let last = telling(&token, 20, "told later");
    capture.log(std::slice::from_ref(&last)).await;
    let entry = capture.only_entry(job).await;
    assert_eq!((entry.minutes_worked.get(), entry.work_summary), (20, summary("mine")));
    capture.retract(last.id).await.unwrap();
    capture.ledger.time_entries.update(tell(id, "mine too")).await.unwrap();
    let only = telling(&token, 12, "told last");
    capture.log(std::slice::from_ref(&only)).await;
    assert_eq!(capture.only_entry(job).await.work_summary, summary("mine too"));

    let (job, token) = capture.job_and_token().await;
    let pings = [signal(&token, 0), telling(&token, 5, "told")];
    capture.log(&pings).await;
    capture.ledger.time_entries.update(tell(capture.only_entry(job).await.id, "")).await.unwrap();
    capture.retract(pings[1].id).await.unwrap();
    assert_eq!(capture.days(job).await, []);
    capture.log(&[telling(&token, 3, "told again")]).await;
    assert_eq!(capture.only_entry(job).await.work_summary, summary(""));
}

/// Also when somebody changed its summary before.
pub async fn an_edit_of_the_minutes_after_one_of_the_summary_makes_it_theirs(capture: Capture) {
    let (job, token, id) = ten_minutes(&capture).await;
    capture.ledger.time_entries.update(tell(id, "mine")).await.unwrap();
    capture.log(&[signal(&token, 14)]).await;
    capture.ledger.time_entries.update(set_minutes(id, 10)).await.unwrap();
    let late = capture.log(&[signal(&token, 20)]).await;
    assert_eq!(late, [PingOutcome::Ignored(PingRefusal::EntryDetached)]);
    assert_eq!(capture.ledger.total(job).await, 10);
}

/// Although it has the same values.
pub async fn an_entry_that_was_deleted_and_made_anew_is_theirs(capture: Capture) {
    let (job, token, id) = ten_minutes(&capture).await;
    let old = capture.only_entry(job).await;
    capture.ledger.time_entries.delete(delete_entry(id)).await.unwrap();
    let anew = NewTimeEntry {
        id,
        related_job: job,
        minutes_worked: old.minutes_worked,
        date_stamp: old.date_stamp,
        work_summary: old.work_summary,
        created_by: old.created_by,
    };
    let mut anew = crate::given::record(anew);
    anew.at = super::minute(15_000);
    capture.ledger.time_entries.record(anew).await.unwrap();
    let late = capture.log(&[signal(&token, 14)]).await;
    assert_eq!(late, [PingOutcome::Ignored(PingRefusal::EntryDetached)]);
    assert_eq!(capture.ledger.total(job).await, 10);
}

/// Also the entry of a ping with minutes: it is deleted with its ping.
pub async fn a_ping_whose_entry_got_another_summary_alone_can_be_taken_back(capture: Capture) {
    let (job, token, id) = ten_minutes(&capture).await;
    let entry = worked(&token, 0, 30);
    let end = signal(&token, 14);
    capture.log(&[entry.clone(), end.clone()]).await;
    for id in [id, entry.id.into()] {
        capture.ledger.time_entries.update(tell(id, "mine")).await.unwrap();
    }
    capture.retract(entry.id).await.unwrap();
    capture.retract(end.id).await.unwrap();
    let left = capture.only_entry(job).await;
    assert_eq!((left.id, left.minutes_worked.get(), left.work_summary), (id, 10, summary("mine")));
    assert_eq!(capture.ledger.total(job).await, 10);
}
