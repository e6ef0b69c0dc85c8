//! Helpers for common steps on the ledger, only through the API.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use uuid::Uuid;

use super::client::Client;

/// The date of entries whose date does not matter.
pub(super) const TODAY: &str = "2026-01-15";

impl Client {
    /// A new open job's id.
    pub(super) async fn new_job(&self, name: &str) -> String {
        id(&self.post("/jobs", &json!({ "name": name })).await.expect(201).json())
    }

    /// Logs an entry.
    pub(super) async fn log(&self, job: &str, minutes: u64) -> Value {
        self.post(format!("/jobs/{job}/time-entries"), &entry(minutes)).await.expect(201).json()
    }

    /// The total that the API shows for the job.
    pub(super) async fn total(&self, job: &str) -> u64 {
        self.get(format!("/jobs/{job}")).await.expect(200).json()["total_minutes"].as_u64().unwrap()
    }

    /// All items of a listing, page by page.
    pub(super) async fn all(&self, listing: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), Some(listing.to_owned()));
        while let Some(target) = next {
            let page = self.get(target).await.expect(200);
            items.extend(page.json()["items"].as_array().unwrap().iter().cloned());
            next = page.next_link();
        }
        items
    }

    /// The whole ledger.
    pub(super) async fn everything(&self) -> (Vec<Value>, Vec<Value>) {
        (self.all("/jobs?limit=200").await, self.all("/time-entries?limit=200").await)
    }

    /// Every job's total must be the sum of its entries. Waits for writes that are still in progress.
    pub(super) async fn assert_totals_are_sums(&self) {
        let (jobs, entries) = loop {
            let (jobs, entries) = self.everything().await;
            // A job's `updated_at` shows whether its entries changed while they were read.
            if self.all("/jobs?limit=200").await == jobs {
                break (jobs, entries);
            }
        };
        let mut sums = BTreeMap::<String, u64>::new();
        for entry in &entries {
            *sums.entry(text(entry, "related_job")).or_default() += entry["minutes_worked"].as_u64().unwrap();
        }
        for job in &jobs {
            let sum = sums.remove(&id(job)).unwrap_or_default();
            assert_eq!(job["total_minutes"], sum, "the sum of the entries of {job}");
        }
        assert!(sums.is_empty(), "entries without a job: {sums:?}");
    }
}

/// The body of a new entry whose job is in the path.
pub(super) fn entry(minutes: u64) -> Value {
    json!({ "minutes_worked": minutes, "date_stamp": TODAY, "work_summary": "work" })
}

/// The body of a new entry whose job is in the body.
pub(super) fn entry_of(job: &str, minutes: u64) -> Value {
    json!({ "related_job": job, "minutes_worked": minutes, "date_stamp": TODAY, "work_summary": "work" })
}

pub(super) fn id(resource: &Value) -> String {
    text(resource, "id")
}

pub(super) fn text(resource: &Value, field: &str) -> String {
    resource[field].as_str().unwrap_or_else(|| panic!("no {field} in {resource}")).to_owned()
}

/// An id that a caller chooses.
pub(super) fn chosen_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(0xca11_e4c4_05e5, COUNT.fetch_add(1, Ordering::Relaxed)).to_string()
}

/// RFC 3339 in UTC with microseconds: `2026-01-02T03:04:05.123456Z`.
#[track_caller]
pub(super) fn assert_timestamp(value: &Value) {
    let text = value.as_str().unwrap();
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00T00:00:00.000000Z", "{text}");
}

/// A version 7 UUID in its canonical form.
#[track_caller]
pub(super) fn assert_new_id(value: &Value) {
    let text = value.as_str().unwrap();
    let id: Uuid = text.parse().unwrap();
    assert_eq!((id.to_string().as_str(), id.get_version_num()), (text, 7));
}
