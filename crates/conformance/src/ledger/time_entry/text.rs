//! The values of an entry read back unchanged.

use stint_domain::ledger::WorkSummary;
use stint_domain::ledger::ports::time_entry::NewTimeEntry;

use crate::Ledger;
use crate::given::{date, entries_of, entry, minutes, subject, summary};

/// 4000 characters of any width, an empty summary, newlines, tabs and outer spaces.
pub async fn summaries_at_their_limits_read_back_unchanged(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let long = ["x".repeat(4000), "é".repeat(4000), "🦭".repeat(4000), "\u{10ffff}\u{fffd}\u{feff}".to_owned()];
    let short = ["", " ", "\n", "\t- one\r\n\t- two\n ", r#"'"; -- \ % \n $1 ? {}"#, "👩‍👩‍👧‍👦 \u{200f}שלום é"];
    for text in long.iter().map(String::as_str).chain(short) {
        let stored = ledger.record(NewTimeEntry { work_summary: summary(text), ..entry(job) }).await;
        assert_eq!(stored.work_summary.as_str(), text);
        assert_eq!(ledger.entry(stored.id).await, Some(stored));
    }
    // Stored before summaries were composed.
    let apart = WorkSummary::stored("cafe\u{301}").unwrap();
    let stored = ledger.record(NewTimeEntry { work_summary: apart.clone(), ..entry(job) }).await;
    assert_eq!(ledger.entry(stored.id).await.unwrap().work_summary, apart);
}

/// 120 characters of any width. The listing finds exactly these.
pub async fn subjects_at_their_limits_read_back_unchanged(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for text in ["é".repeat(120), "🦭".repeat(120), "o'Brien % _".to_owned()] {
        let stored = ledger.record(NewTimeEntry { created_by: subject(&text), ..entry(job) }).await;
        let query = stint_domain::ledger::ports::time_entry::ListTimeEntries {
            created_by: Some(subject(&text)),
            ..entries_of(job)
        };
        assert_eq!(ledger.all_entries(query).await, [stored]);
    }
}

/// 0001-01-01 and 9999-12-31, and a leap day between them.
pub async fn the_first_and_the_last_date_read_back_and_are_listed_in_order(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for text in ["0001-01-01", "9999-12-31", "2024-02-29", "0999-12-31", "1969-12-31"] {
        let stored = ledger.record(NewTimeEntry { date_stamp: date(text), ..entry(job) }).await;
        assert_eq!(ledger.entry(stored.id).await.unwrap().date_stamp, date(text));
    }
    let entries = ledger.all_entries(entries_of(job)).await;
    let dates: Vec<_> = entries.iter().map(|entry| entry.date_stamp.to_string()).collect();
    assert_eq!(dates, ["9999-12-31", "2024-02-29", "1969-12-31", "0999-12-31", "0001-01-01"]);
}

/// 1 and 1440.
pub async fn the_least_and_the_most_minutes_are_counted(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for count in [1, 1440] {
        let stored = ledger.record(NewTimeEntry { minutes_worked: minutes(count), ..entry(job) }).await;
        assert_eq!(ledger.entry(stored.id).await, Some(stored));
    }
    assert_eq!(ledger.total(job).await, 1441);
}
