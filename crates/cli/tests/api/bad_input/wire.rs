//! Headers, and bytes that are not HTTP.

use super::super::ledger::entry;
use super::super::service::Service;
use super::{Bad, Untouched};

const MALFORMED: &[u16] = &[400];

pub(super) fn bad_headers(ledger: &Untouched) -> Vec<Bad> {
    let body = entry(5).to_string();
    let post = |status| Bad::new("POST", format!("/api/v1/jobs/{}/time-entries", ledger.job), status);
    let mut rows = Vec::new();
    for key in
        [String::new(), "k".repeat(256), "k".repeat(300), "k".repeat(3000), "tab\tinside".to_owned(), "käse".to_owned()]
    {
        rows.push(post(&[400, 422]).json(body.as_str()).header("Idempotency-Key", key).names("dempotency-"));
    }
    let twice = post(&[400, 422]).json(body.as_str()).header("Idempotency-Key", "a");
    rows.push(twice.header("Idempotency-Key", "b"));

    let patch = || Bad::new("PATCH", format!("/api/v1/jobs/{}", ledger.job), MALFORMED).json("{\"name\": \"x\"}");
    for tag in ["17", "\"open", "open\"", "\"a\" \"b\"", "W/", "w/\"a\"", "\"a\", 7", "*, \"a\""] {
        rows.push(patch().header("If-Match", tag).names("If-Match"));
    }
    rows.push(patch().header("If-None-Match", "open").names("If-None-Match"));
    rows.push(Bad::new("GET", format!("/api/v1/jobs/{}", ledger.job), MALFORMED).header("If-None-Match", "\"open"));

    for content_type in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "application/jsonx",
        "application/merge-patch+json",
        "application/vnd.api+json",
        "application/json; charset=latin1",
        "application/json; charset=\"UTF-16\"",
        "",
        "*/*",
        "application/json, text/plain",
    ] {
        let row = Bad { body: body.clone().into_bytes(), ..post(&[415]) };
        rows.push(
            row.header("Content-Type", content_type)
                .names(content_type.rsplit(['=', '"']).find(|part| !part.is_empty()).unwrap_or_default()),
        );
    }
    rows.push(Bad { body: body.clone().into_bytes(), ..post(&[415]) });
    rows.push(post(MALFORMED).json(b"\x1f\x8b\x08\0\0\0\0\0\0\x03").header("Content-Encoding", "gzip").names("gzip"));
    rows.push(post(MALFORMED).json(body.as_str()).header("Content-Encoding", "gzip").names("gzip"));
    for coding in ["deflate", "br", "gzip, br", "gzip, gzip", "zstd", "*"] {
        let named = coding.rsplit(' ').next().unwrap_or_default();
        rows.push(post(&[415]).json(body.as_str()).header("Content-Encoding", coding).names(named));
    }
    for authorization in
        ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "stint_x", "Bearer stint_\u{e9}", "Bearer a b"]
    {
        rows.push(post(&[400, 401]).json(body.as_str()).header("Authorization", authorization));
    }
    rows
}

/// Bytes to which no HTTP server can give a 2xx answer.
pub(super) fn no_http(service: &Service, ledger: &Untouched) -> Vec<Vec<u8>> {
    let token = service.api.authorization();
    let body = entry(5).to_string();
    let (length, target) = (body.len(), format!("/api/v1/jobs/{}/time-entries", ledger.job));
    let with = |headers: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    let mut all: Vec<Vec<u8>> = [
        "\r\n\r\n\r\n".to_owned(),
        "\0\0\0\0".to_owned(),
        "hello\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /healthz\r\n\r\n".to_owned(),
        "GET /healthz HTTP/9.9\r\n\r\n".to_owned(),
        "GET /health z HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        with("Content-Length: abc"),
        with("Content-Length: -1"),
        with("Content-Length: 99999999999999999999999"),
        with(&format!("Content-Length: {length}\r\nContent-Length: 1")),
        with(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked")),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        with("Transfer-Encoding: gibberish"),
        with(&format!("Bad Header: 1\r\nContent-Length: {length}")),
        with(&format!(": 1\r\nContent-Length: {length}")),
        with(&format!("X-Nul: a\0b\r\nContent-Length: {length}")),
        with(&format!("X-Folded: a\r\n b\r\nContent-Length: {length}")),
        with(&format!("X-Big: {}\r\nContent-Length: {length}", "x".repeat(200_000))),
        with(&"X-Many: 1\r\n".repeat(1000)),
        // Bodies that end too early, or that have malformed chunks.
        with(&format!("Content-Length: {}", length + 1)),
        with("Transfer-Encoding: chunked").replace(&body, &format!("{length:x}\r\n{body}\r\n")),
        with("Transfer-Encoding: chunked").replace(&body, &format!("zz\r\n{body}\r\n0\r\n\r\n")),
        with("Transfer-Encoding: chunked").replace(&body, &format!("-1\r\n{body}\r\n0\r\n\r\n")),
        with("Transfer-Encoding: chunked").replace(&body, "fffffffffffffffff\r\n"),
    ]
    .map(String::into_bytes)
    .into();
    // The start of a TLS handshake, and bytes of every kind.
    all.push(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec());
    all.push((0..=255).cycle().take(4096).collect());
    all
}

/// Twenty million bytes of JSON, sent in each way that HTTP has, or only announced.
pub(super) fn twenty_megabytes(service: &Service, target: &str) -> Vec<Vec<u8>> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n",
        service.api.authorization()
    );
    let body = vec![b' '; 20_000_000];
    let chunk = [format!("{:x}\r\n", 1_000_000).into_bytes(), vec![b' '; 1_000_000], b"\r\n".to_vec()].concat();
    vec![
        format!("{head}Content-Length: 20000000\r\n\r\n").into_bytes(),
        format!("{head}Content-Length: 20000000\r\nExpect: 100-continue\r\n\r\n").into_bytes(),
        [format!("{head}Content-Length: 20000000\r\n\r\n").into_bytes(), body].concat(),
        [format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes(), chunk.repeat(20), b"0\r\n\r\n".to_vec()]
            .concat(),
    ]
}

/// Requests that never become complete.
pub(super) fn starts_without_end(service: &Service, ledger: &Untouched) -> Vec<String> {
    let head = format!(
        "POST /api/v1/jobs/{}/time-entries HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n",
        ledger.job,
        service.api.authorization()
    );
    let body = entry(5).to_string();
    vec![
        "GET /heal".to_owned(),
        head.clone(),
        format!("{head}Content-Length: 100\r\n\r\n{{"),
        format!("{head}Content-Length: {}\r\n\r\n{}", body.len(), &body[1..]),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{"),
    ]
}
