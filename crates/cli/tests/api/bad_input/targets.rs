//! Paths, ids, query parameters and methods.

use super::super::ledger::{chosen_id, entry};
use super::super::service::Service;
use super::{Bad, Untouched};

const INVALID: &[u16] = &[422];
const UNKNOWN: &[u16] = &[404];
/// A malformed id is either not found or not valid: both answers are allowed.
const NO_ID: &[u16] = &[404, 422];

pub(super) fn rows(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = bad_parameters(ledger);
    rows.extend(bad_paths(ledger));
    rows.extend(wrong_methods(ledger));
    rows
}

fn bad_parameters(ledger: &Untouched) -> Vec<Bad> {
    let job = &ledger.job;
    let mut rows = Vec::new();
    let listings =
        ["/api/v1/jobs".to_owned(), "/api/v1/time-entries".to_owned(), format!("/api/v1/jobs/{job}/time-entries")];
    for listing in &listings {
        for (query, parameter) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=1.5", "limit"),
            ("limit=", "limit"),
            ("limit=many", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=1&limit=2", "limit"),
            ("limit=%2010", "limit"),
            ("cursor=", "cursor"),
            ("cursor=x", "cursor"),
            ("cursor=AAAA", "cursor"),
            ("cursor=%00", "cursor"),
            ("cursor=a&cursor=b", "cursor"),
            ("unknown=1", "unknown"),
            ("Limit=1", "Limit"),
            ("limit", "limit"),
            ("page=2", "page"),
            ("%6cimi%C3%B6=1", "limi"),
        ] {
            rows.push(Bad::new("GET", format!("{listing}?{query}"), INVALID).names(parameter));
        }
        rows.push(Bad::new("GET", format!("{listing}?cursor={}", "A".repeat(5000)), INVALID).names("cursor"));
        for query in ["limit=%", "limit=%zz", "limit=1%", "%zz=1", "cursor=%ff", "q=%c3%28", "created_by=%f0%9f"] {
            rows.push(Bad::new("GET", format!("{listing}?{query}"), &[400, 422]));
        }
    }
    for query in
        ["status=closed", "status=", "status=OPEN", "status=open&status=archived", "q=", "q=%00", "q=a%0ab", "q=a&q=b"]
    {
        rows.push(Bad::new("GET", format!("/api/v1/jobs?{query}"), INVALID).names(&query[..1]));
    }
    rows.push(Bad::new("GET", format!("/api/v1/jobs?q={}", "q".repeat(121)), INVALID).names("121"));
    for (query, parameter) in [
        ("from=2026-02-30", "from"),
        ("to=tomorrow", "to"),
        ("from=", "from"),
        ("to=2026-1-1", "to"),
        ("from=2026-01-02&to=2026-01-01", "from"),
        ("from=2026-01-01&from=2026-01-01", "from"),
    ] {
        let row = Bad::new("GET", format!("/api/v1/time-entries?{query}"), INVALID);
        rows.push(row.names(format!("\"parameter\":\"{parameter}\"")));
    }
    for query in ["entries=keep", "entries=", "entries=Delete", "entries=delete&entries=delete", "force=1"] {
        rows.push(
            Bad::new("DELETE", format!("/api/v1/jobs/{job}?{query}"), INVALID).names(query.split('=').next().unwrap()),
        );
    }
    for (method, target) in [
        ("GET", format!("/api/v1/jobs/{job}")),
        ("DELETE", format!("/api/v1/time-entries/{}", ledger.entry)),
        ("GET", format!("/api/v1/time-entries/{}", ledger.entry)),
    ] {
        rows.push(Bad::new(method, format!("{target}?unknown=1"), INVALID).names("unknown"));
    }
    let create = Bad::new("POST", format!("/api/v1/jobs/{job}/time-entries?dry_run=1"), INVALID);
    rows.push(create.json(entry(5).to_string()).names("dry_run"));
    rows
}

fn bad_paths(ledger: &Untouched) -> Vec<Bad> {
    let mut rows = Vec::new();
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/jobs",
        "/api/v1/job",
        "/api/v1/JOBS",
        "/api/v1/jobs/",
        "/api/v1//jobs",
        "//api/v1/jobs",
        "/api/v1/jobs/../jobs",
        "/api/v1/jobs;x=1",
        "/healthz/",
        "/metrics",
        "/docs/../healthz",
        "/api/v1/%00",
        "/favicon.ico",
    ] {
        rows.push(Bad::new("GET", path, &[404, 422]));
    }
    for path in ["/api/v1/time-entries/batch/1", "/api/v1/jobs/x/y/z"] {
        rows.push(Bad::new("POST", path, UNKNOWN).json("{}"));
    }
    rows.push(Bad::new("GET", format!("/api/v1/jobs/{}/", ledger.job), UNKNOWN));
    rows.push(Bad::new("GET", format!("/{}", "x".repeat(5000)), UNKNOWN));
    let (plain, braced) = (ledger.job.replace('-', ""), format!("%7B{}%7D", ledger.job));
    for bad in [
        "x",
        "1",
        "-",
        "%20",
        "%00",
        "%2e%2e",
        "%ff",
        "%zz",
        "%",
        "null",
        &plain,
        &braced,
        &"a".repeat(36),
        &"a".repeat(4000),
    ] {
        let status: &[u16] = if bad.contains('%') { &[400, 404, 422] } else { NO_ID };
        for resource in ["jobs", "time-entries"] {
            for method in ["GET", "DELETE"] {
                rows.push(Bad::new(method, format!("/api/v1/{resource}/{bad}"), status));
            }
            rows.push(Bad::new("PUT", format!("/api/v1/{resource}/{bad}"), status).json("{\"name\": \"x\"}"));
            rows.push(Bad::new("PATCH", format!("/api/v1/{resource}/{bad}"), status).json("{}"));
        }
        rows.push(Bad::new("GET", format!("/api/v1/jobs/{bad}/time-entries"), status));
        rows.push(Bad::new("POST", format!("/api/v1/jobs/{bad}/time-entries"), status).json(entry(1).to_string()));
    }
    rows.push(Bad::new("GET", format!("/api/v1/jobs/{}%00", ledger.job), &[400, 404, 422]));
    rows
}

fn wrong_methods(ledger: &Untouched) -> Vec<Bad> {
    let (job, time_entry) = (&ledger.job, &ledger.entry);
    let mut rows = Vec::new();
    for (path, methods) in [
        ("/api/v1/jobs".to_owned(), vec!["PUT", "PATCH", "DELETE"]),
        (format!("/api/v1/jobs/{job}"), vec!["POST"]),
        (format!("/api/v1/jobs/{job}/time-entries"), vec!["PUT", "PATCH", "DELETE"]),
        ("/api/v1/time-entries".to_owned(), vec!["POST", "PUT", "PATCH", "DELETE"]),
        (format!("/api/v1/time-entries/{time_entry}"), vec!["POST"]),
        ("/healthz".to_owned(), vec!["POST", "DELETE"]),
        ("/readyz".to_owned(), vec!["POST"]),
        ("/openapi.json".to_owned(), vec!["PUT"]),
        ("/docs".to_owned(), vec!["POST"]),
    ] {
        for method in methods.into_iter().chain(["OPTIONS", "TRACE", "BREW"]) {
            rows.push(Bad::new(method, path.clone(), &[405]));
        }
    }
    // `batch` takes POST; for every other method it is a malformed id.
    rows.push(Bad::new("DELETE", "/api/v1/time-entries/batch", &[404, 405, 422]).names(""));
    rows
}

/// Cursors of one listing on another, or with other filters.
pub(super) async fn foreign_cursors(service: &Service, ledger: &Untouched) -> Vec<Bad> {
    let api = &service.api;
    api.new_job("Second").await;
    api.log(&ledger.job, 1).await;
    let job = &ledger.job;
    let jobs = "/api/v1/jobs?limit=1".to_owned();
    let open_jobs = "/api/v1/jobs?limit=1&status=open".to_owned();
    let entries = "/api/v1/time-entries?limit=1".to_owned();
    let of_job = format!("/api/v1/time-entries?limit=1&related_job={job}");
    let mut rows = Vec::new();
    for (from, to) in [
        (&jobs, &entries),
        (&entries, &jobs),
        (&jobs, &open_jobs),
        (&open_jobs, &jobs),
        (&entries, &of_job),
        (&of_job, &entries),
    ] {
        let page = api.get(from).await.expect(200).json();
        let cursor = page["next_cursor"].as_str().unwrap_or_else(|| panic!("one page of {from}"));
        rows.push(Bad::new("GET", format!("{to}&cursor={cursor}"), INVALID).names("cursor"));
    }
    let page = api.get(&entries).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    rows.push(
        Bad::new("GET", format!("/api/v1/jobs/{}/time-entries?cursor={cursor}", chosen_id()), INVALID).names("cursor"),
    );
    rows
}
