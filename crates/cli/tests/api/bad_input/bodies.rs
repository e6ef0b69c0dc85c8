//! Bodies that are not JSON, that have another shape, or that have invalid values.

use serde_json::{Value, json};

use super::super::ledger::{chosen_id, entry, entry_of};
use super::{Bad, Untouched};

const NO_JSON: &[u16] = &[400];
const INVALID: &[u16] = &[422];
/// A reader may refuse it as broken JSON or as a bad value.
const EITHER: &[u16] = &[400, 422];

pub(super) fn rows(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = no_json(ledger);
    rows.extend(bad_minutes(ledger));
    rows.extend(bad_values(ledger));
    rows.extend(bad_shapes(ledger));
    rows.extend(bad_batches(ledger));
    rows
}

fn post(ledger: &Untouched, body: impl Into<Vec<u8>>, status: &'static [u16]) -> Bad {
    Bad::new("POST", format!("/api/v1/jobs/{}/time-entries", ledger.job), status).json(body)
}

fn post_job(body: impl Into<Vec<u8>>, status: &'static [u16]) -> Bad {
    Bad::new("POST", "/api/v1/jobs", status).json(body)
}

/// A valid entry, except one member with this JSON text as its value.
fn with(field: &str, value: &str) -> String {
    let mut entry = entry(30);
    entry[field] = json!("HERE");
    entry.to_string().replace("\"HERE\"", value)
}

fn no_json(ledger: &Untouched) -> Vec<Bad> {
    let good = entry(30).to_string();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf32: Vec<u8> = good.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let mut rows = Vec::new();
    for (body, named) in [
        (format!("\u{feff}{good}").into_bytes(), "byte order mark"),
        ([b"\xff\xfe", &utf16[..]].concat(), "UTF-16"),
        (utf16, "UTF-16"),
        (utf32, "UTF-32"),
        (good.replace("\"work\"", "\"B\u{fc}ro\"").chars().map(|c| c as u8).collect(), "UTF-8"),
    ] {
        rows.push(post(ledger, body, NO_JSON).names(named));
    }
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5000), close.repeat(5000));
    for body in ["", " ", "{", "[", "nul", "{\"name\": \"x\"", "{'name': 'x'}", "{name: 1}", "{} {}", "{},", "<a/>"] {
        rows.push(post(ledger, body, NO_JSON));
        rows.push(Bad::new("PATCH", format!("/api/v1/jobs/{}", ledger.job), NO_JSON).json(body));
        rows.push(Bad::new("PUT", format!("/api/v1/jobs/{}", ledger.job), NO_JSON).json(body));
        rows.push(Bad::new("POST", "/api/v1/time-entries/batch", NO_JSON).json(body));
    }
    for value in
        ["NaN", "Infinity", "01", "+1", ".5", "1.", "0x10", "\"\t\"", "\"a\0b\"", "\"\\q\"", "\"\\u12\"", "\"open"]
    {
        rows.push(post(ledger, with("minutes_worked", value), NO_JSON));
        rows.push(post(ledger, with("work_summary", value), NO_JSON));
    }
    rows.push(post(ledger, [good.as_bytes(), b"\0"].concat(), NO_JSON));
    rows.push(post(ledger, good.replace("work\"", "w\u{1}rk\""), NO_JSON));
    for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"caf\xe9"] {
        let (before, after) = good.split_once("\"work\"").unwrap();
        rows.push(post(ledger, [before.as_bytes(), b"\"", bytes, b"\"", after.as_bytes()].concat(), EITHER));
        rows.push(post_job([b"{\"", bytes, b"\": 1}"].concat(), EITHER));
    }
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    rows.push(post(ledger, utf16, NO_JSON));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        rows.push(post(ledger, deep(open, close), EITHER));
        rows.push(post(ledger, open.repeat(5000), EITHER));
        rows.push(post(ledger, with("minutes_worked", &deep(open, close)), EITHER));
        rows.push(post(ledger, with("surprise", &deep(open, close)), EITHER));
        rows.push(Bad::new("POST", "/api/v1/time-entries/batch", EITHER).json(deep(open, close)));
    }
    rows
}

fn bad_minutes(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = Vec::new();
    for value in [
        "0",
        "-1",
        "1441",
        "86400",
        "99999999999999999999",
        "-99999999999999999999",
        "1.5",
        "0.1",
        "1e400",
        "-1e400",
        "1e-400",
        "null",
        "true",
        "\"90\"",
        "\"\"",
        "[]",
        "[30]",
        "{}",
        "18446744073709551617",
        "4294967326",
        "65566",
    ] {
        let status = if value.contains("e4") { EITHER } else { INVALID };
        let mut row = post(ledger, with("minutes_worked", value), status);
        if status == INVALID {
            row = row.names("/minutes_worked");
        }
        // Numbers too large for an integer are shown as a float.
        if (4..18).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit()) {
            row = row.names(value);
        }
        rows.push(row);
        let patch = format!("{{\"minutes_worked\": {value}}}");
        rows.push(Bad::new("PATCH", format!("/api/v1/time-entries/{}", ledger.entry), status).json(patch));
    }
    rows
}

fn bad_values(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = Vec::new();
    for date in [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-32",
        "0000-01-01",
        "10000-01-01",
        "-001-01-01",
        "2026-1-1",
        "2026-01-01T00:00:00Z",
        "01.02.2026",
        "20260101",
        " 2026-01-01",
        "2026-01-01 ",
        "today",
        "",
        "２０２６-01-01",
    ] {
        let named = if date.is_empty() { "/date_stamp" } else { date };
        rows.push(
            post(ledger, with("date_stamp", &json!(date).to_string()), INVALID).names(named).names("/date_stamp"),
        );
    }
    for value in ["20260101", "null", "[]", "{}", "true"] {
        rows.push(post(ledger, with("date_stamp", value), INVALID).names("/date_stamp"));
        rows.push(
            post(ledger, with("work_summary", if value == "null" { "1" } else { value }), INVALID)
                .names("/work_summary"),
        );
        rows.push(post_job(format!("{{\"name\": {value}}}"), INVALID).names("/name"));
        rows.push(post_job(format!("{{\"name\": \"x\", \"status\": {value}}}"), INVALID).names("/status"));
    }
    for text in ["a\0b", "\0", "bell\u{7}", "esc\u{1b}[31m", "del\u{7f}", "next\u{85}line"] {
        rows.push(
            post(ledger, with("work_summary", &json!(text).to_string()), INVALID).names("/work_summary").names("U+00"),
        );
        rows.push(post_job(json!({ "name": text }).to_string(), INVALID).names("/name").names("U+00"));
    }
    for surrogate in ["\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800", "x\\ud83dy"] {
        rows.push(post(ledger, with("work_summary", &format!("\"{surrogate}\"")), EITHER));
        rows.push(post_job(format!("{{\"name\": \"{surrogate}\"}}"), EITHER));
        rows.push(post_job(format!("{{\"name\": \"x\", \"{surrogate}\": 1}}"), EITHER));
    }
    for name in ["", " ", "\u{a0}\t", "two\nlines", &"n".repeat(121), &"🦀".repeat(121)] {
        rows.push(post_job(json!({ "name": name }).to_string(), INVALID).names("/name"));
    }
    let long = format!("seen{}", "x".repeat(900_000));
    rows.push(post_job(json!({ "name": long }).to_string(), INVALID).names("/name").names("900004").names("seen"));
    rows.push(post(ledger, with("work_summary", &json!("s".repeat(4001)).to_string()), INVALID).names("4001"));
    rows.push(post(ledger, with("date_stamp", &json!(long).to_string()), INVALID).names("seenxxx"));
    rows.push(
        post_job(json!({ "name": "x", "status": "closed" }).to_string(), INVALID).names("closed").names("/status"),
    );
    rows.push(post_job(json!({ "name": "x", "status": "Open" }).to_string(), INVALID).names("Open"));
    for bad_id in
        [json!("job"), json!(""), json!(7), json!(null), json!(ledger.job.replace('-', "")), json!([ledger.job])]
    {
        let mut body = entry_of(&ledger.job, 30);
        body["related_job"] = bad_id;
        let target = format!("/api/v1/time-entries/{}", chosen_id());
        rows.push(Bad::new("PUT", target, INVALID).json(body.to_string()).names("/related_job"));
    }
    rows
}

fn bad_shapes(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = Vec::new();
    for body in ["null", "true", "7", "\"text\"", "[]", "[{\"name\": \"x\"}]"] {
        rows.push(post_job(body, INVALID));
        rows.push(post(ledger, body, INVALID));
        rows.push(Bad::new("PATCH", format!("/api/v1/jobs/{}", ledger.job), INVALID).json(body));
        rows.push(Bad::new("POST", "/api/v1/time-entries/batch", INVALID).json(body));
    }
    for missing in ["minutes_worked", "date_stamp"] {
        let mut body = entry(30);
        body.as_object_mut().unwrap().remove(missing);
        rows.push(post(ledger, body.to_string(), INVALID).names(format!("/{missing}")));
    }
    rows.push(post_job("{}", INVALID).names("/name"));
    for field in [
        "surprise",
        "id",
        "created_by",
        "created_at",
        "updated_at",
        "Minutes_Worked",
        "related_job",
        "",
        "__proto__",
        "a/b",
    ] {
        let pointer = if field == "a/b" { "/a~1b".to_owned() } else { format!("/{field}") };
        rows.push(post(ledger, with(field, "1"), INVALID).names(&pointer));
        let body = format!("{{\"{field}\": 1}}");
        rows.push(Bad::new("PATCH", format!("/api/v1/jobs/{}", ledger.job), INVALID).json(body).names(pointer));
    }
    for read_only in ["id", "total_minutes", "time_entries", "created_at", "updated_at"] {
        let body = json!({ "name": "x", (read_only): 1 }).to_string();
        rows.push(post_job(body.clone(), INVALID).names(format!("/{read_only}")));
        let put = Bad::new("PUT", format!("/api/v1/jobs/{}", ledger.job), INVALID);
        rows.push(put.json(body).names(format!("/{read_only}")));
    }
    rows.push(post_job(format!("{{\"name\": \"x\", \"{}\": 1}}", "k".repeat(100_000)), INVALID).names("/kkk"));
    rows.push(post_job("{\"name\": \"first\", \"name\": \"second\"}", EITHER));
    rows
}

fn bad_batches(ledger: &Untouched) -> Vec<Bad> {
    let item = entry_of(&ledger.job, 30);
    let batch = |body: Value| Bad::new("POST", "/api/v1/time-entries/batch", INVALID).json(body.to_string());
    let mut rows = vec![
        batch(json!({})).names("/items").names("/mode"),
        batch(json!({ "mode": "atomic" })).names("/items"),
        batch(json!({ "items": [item] })).names("/mode"),
        batch(json!({ "mode": "both", "items": [item] })).names("/mode").names("both"),
        batch(json!({ "mode": "atomic", "items": item })).names("/items"),
        batch(json!({ "mode": "atomic", "items": [item], "extra": 1 })).names("/extra"),
    ];
    for bad_item in [json!(null), json!(1), json!([]), json!({}), json!([item])] {
        rows.push(batch(json!({ "mode": "atomic", "items": [item, bad_item] })).names("/items/1"));
    }
    let mut with_id = item.clone();
    with_id["id"] = json!(chosen_id());
    rows.push(batch(json!({ "mode": "atomic", "items": [with_id] })).names("/items/0/id"));
    rows
}

/// Requests, and all the places that the problem must list.
pub(super) fn with_several_bad_fields(ledger: &Untouched) -> Vec<(Bad, Vec<&'static str>)> {
    let bad_entry = json!({
        "minutes_worked": 1.5, "date_stamp": "2026-02-30", "work_summary": "nul\0", "surprise": true, "created_by": "m e",
    });
    let bad_job = json!({ "name": "", "status": "closed", "total_minutes": 7 });
    let mut bad_put = bad_entry.clone();
    bad_put["related_job"] = json!("job");
    let of_entry = vec!["/created_by", "/date_stamp", "/minutes_worked", "/surprise", "/work_summary"];
    let mut of_put = of_entry.clone();
    of_put.insert(3, "/related_job");
    let of_job = vec!["/name", "/status", "/total_minutes"];
    let batch = json!({ "mode": "none", "items": [entry_of(&ledger.job, 0), bad_put] });
    let of_batch = vec![
        "/items/0/minutes_worked",
        "/items/1/created_by",
        "/items/1/date_stamp",
        "/items/1/minutes_worked",
        "/items/1/related_job",
        "/items/1/surprise",
        "/items/1/work_summary",
        "/mode",
    ];
    let (job, time_entry) = (format!("/jobs/{}", ledger.job), format!("/time-entries/{}", ledger.entry));
    let row = |method, target: &str, body: &Value| Bad::new(method, target, INVALID).json(body.to_string());
    vec![
        (row("POST", &format!("{job}/time-entries"), &bad_entry), of_entry.clone()),
        (row("PUT", &time_entry, &bad_put), of_put.clone()),
        (row("PATCH", &time_entry, &bad_put), of_put),
        (row("POST", "/jobs", &bad_job), of_job.clone()),
        (row("PUT", &job, &bad_job), of_job.clone()),
        (row("PATCH", &job, &bad_job), of_job),
        (row("POST", "/time-entries/batch", &batch), of_batch),
    ]
}
