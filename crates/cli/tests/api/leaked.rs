//! A leaked database: whoever has all of its tables can sign in as nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::Client;
use super::database::Database;
use super::doors;
use super::ledger::{entry, text};
use super::people::{PASSWORD, invited, person, sign_in};
use super::service::{Service, on_both_databases};

on_both_databases!(a_leaked_database_holds_nothing_with_which_one_can_sign_in);

/// Doors enough: one of each kind, and both ways of sending a key.
const DOORS: [&str; 5] = ["bearer", "cookie", "ping", "key as bearer", "link"];

async fn a_leaked_database_holds_nothing_with_which_one_can_sign_in(service: Service) {
    let api = &service.api;
    let secrets = secrets(&service).await;
    let dump = dump(&mut service.database());
    let whole = dump.values().flatten().map(String::as_str).collect::<Vec<_>>().join("\n");
    for expected in ["\"ada\"", "$argon2id$", "session", "invitation", "secret_hash", "the same key"] {
        assert!(whole.contains(expected), "the dump is not whole: no {expected} in {:?}", dump.keys());
    }

    for secret in secrets.iter().map(String::as_str).chain([PASSWORD]) {
        for form in forms(secret) {
            assert!(!whole.contains(&form), "the dump has {secret} as {form}");
            assert!(!whole.to_lowercase().contains(&form) || form != form.to_lowercase(), "the dump has {secret}");
        }
    }
    let path = service.sqlite_path();
    for file in [path.clone(), format!("{path}-wal")] {
        // There is none on Postgres.
        let bytes = std::fs::read(&file).unwrap_or_default();
        for secret in secrets.iter().map(String::as_str).chain([PASSWORD]) {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file} has {secret}");
        }
    }

    let refusals = refusals(api).await;
    let candidates = candidates(&dump);
    assert!(candidates.len() > 100, "{candidates:?}");
    for candidate in &candidates {
        for (door, _, request) in doors::all(api, candidate).into_iter().filter(|(door, ..)| DOORS.contains(&&**door)) {
            let answer = request.await;
            assert_eq!(Some(&answer.status), refusals.get(&door), "{door} takes {candidate}: {answer}");
        }
    }
    let stored = whole.split('"').find(|text| text.starts_with("$argon2id$")).unwrap();
    for guess in [stored, stored.rsplit('$').next().unwrap()] {
        sign_in(api, "ada", guess).await.expect_problem(401, "sign-in-failed");
    }
    sign_in(api, "ada", PASSWORD).await.expect(200);
}

/// All that opens a door, of people and programs.
async fn secrets(service: &Service) -> Vec<String> {
    let api = &service.api;
    let ada = person(service, "ada", "admin").await;
    let job = api.new_job("Research").await;
    let door = ada.post(&format!("/jobs/{job}/capture-tokens"), &json!({ "name": "door" })).await.expect(201).json();
    let token = ada.post("/api/v1/tokens", &json!({ "name": "laptop", "scopes": ["admin"] })).await.expect(201).json();
    // What was asked and answered is stored, too.
    let once = ada.sends(ada.client.post(format!("/jobs/{job}/time-entries"), &entry(5)));
    once.header("idempotency-key", "the same key").await.expect(201);
    let door = text(&door, "secret");
    api.anonymous().get(format!("/ping/{door}?minutes=5")).await.expect(202);
    let eve = invited(service, "eve", "member");
    let clerk = service.new_token("read", "clerk");
    vec![ada.secret().to_owned(), door, text(&token, "secret"), eve, clerk]
}

/// All rows of all tables.
fn dump(database: &mut Database) -> BTreeMap<String, Vec<String>> {
    let tables = database.tables();
    tables.into_iter().map(|table| (table.clone(), database.rows(&table, &[], "1 = 1"))).collect()
}

/// How the secret could be written.
fn forms(secret: &str) -> Vec<String> {
    let core = secret.rsplit_once('_').map_or(secret, |_| &secret[secret.len().saturating_sub(43)..]);
    let mut forms = vec![secret.to_owned(), core.to_owned()];
    for bytes in
        [secret.as_bytes().to_vec(), core.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(core).unwrap_or_default()]
    {
        forms.extend([hex(&bytes), STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]);
    }
    forms.extend(Uuid::parse_str(secret).map(|uuid| hex(uuid.as_bytes())));
    forms.retain(|form| form.len() >= 10);
    forms
}

/// Everything in the dump that could be a secret, as it is, and decoded or encoded once.
fn candidates(dump: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for row in dump.values().flatten() {
        values(&serde_json::from_str(row).unwrap(), &mut words);
    }
    let mut candidates = BTreeSet::new();
    for word in words {
        let bytes = unhex(word.strip_prefix("\\x").unwrap_or(&word));
        let decoded = [URL_SAFE_NO_PAD.decode(&word), STANDARD_NO_PAD.decode(&word), URL_SAFE.decode(&word)];
        for bytes in decoded.into_iter().flatten().chain(bytes).chain([word.as_bytes().to_vec()]) {
            candidates.extend([hex(&bytes), URL_SAFE_NO_PAD.encode(&bytes), STANDARD.encode(&bytes)]);
            candidates.extend(String::from_utf8(bytes.clone()));
            candidates.extend(Uuid::from_slice(&bytes).map(|uuid| uuid.to_string()));
        }
    }
    // No other text can stand in a URL and in a header.
    candidates.retain(|text| {
        (8..200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    let kinds = ["stint_", "stint_session_", "stint_invitation_"];
    let of_length = candidates.iter().filter(|text| text.len() == 43);
    let prefixed: Vec<_> = of_length.flat_map(|text| kinds.map(|kind| format!("{kind}{text}"))).collect();
    candidates.extend(prefixed);
    candidates
}

/// The texts in a value, whole and in their parts.
fn values(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| values(value, into)),
        Value::Array(items) => items.iter().for_each(|value| values(value, into)),
        Value::String(text) => {
            into.insert(text.clone());
            let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+/".contains(c));
            into.extend(parts.filter(|part| part.len() >= 8).map(str::to_owned));
        }
        other => drop(into.insert(other.to_string())),
    }
}

/// What each door says to a secret that nobody has.
async fn refusals(api: &Client) -> BTreeMap<String, u16> {
    let mut refusals = BTreeMap::new();
    for (door, _, request) in doors::all(api, "nobody-has-this-secret") {
        refusals.insert(door, request.await.status);
    }
    refusals
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    pairs.collect()
}
