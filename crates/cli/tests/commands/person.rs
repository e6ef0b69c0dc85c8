//! `stint person`: accounts on the command line.

use serde_json::Value;

use crate::support::{Server, Stint};

const JOBS: &str = "/api/v1/jobs";

fn create(stint: &Stint, handle: &str, role: &str) -> String {
    stint.run(&["person", "create", "--handle", handle, "--role", role]).succeeded()
}

/// The handle, role and status of everybody.
fn list(stint: &Stint) -> Vec<[String; 3]> {
    let people: Vec<Value> = serde_json::from_str(&stint.run(&["person", "list", "--json"]).succeeded()).unwrap();
    people.iter().map(|person| ["handle", "role", "status"].map(|member| text(person, member))).collect()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// The JSON body of an answer with this status, and its `ETag`.
fn read(answer: &str, status: u16) -> (Value, String) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let etag = head.lines().find_map(|line| line.to_lowercase().strip_prefix("etag: ").map(str::to_owned));
    (serde_json::from_str(body).unwrap(), etag.unwrap_or_default())
}

#[test]
fn a_link_is_alone_on_stdout_and_the_secret_nowhere_else() {
    let stint = Stint::new().migrated().set("STINT_HTTP__PUBLIC_URL", "https://time.example.org");
    let stint = stint.set("STINT_HTTP__BASE_PATH", "/time").set("STINT_LOG__LEVEL", "trace");
    let created = stint.run(&["person", "create", "--handle", "ada", "--role", "admin"]);
    let secret = created.stdout.strip_prefix("https://time.example.org/time/welcome#").unwrap().trim_end();
    assert!(secret.starts_with("stint_invitation_") && created.stdout.lines().count() == 1, "{created:?}");
    assert!(!created.stderr.contains(secret) && created.stderr.contains("hand this link on"), "{created:?}");
    let file = std::fs::read(stint.path("stint.db")).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains(secret));
    let another = stint.run(&["person", "invite", "ADA"]).succeeded();
    assert!(another.starts_with("https://time.example.org/time/welcome#") && !another.contains(secret), "{another}");
}

#[test]
fn people_are_listed_and_change_and_the_last_admin_may_go() {
    let stint = Stint::new().migrated();
    create(&stint, "Ada", "admin");
    create(&stint, "eve", "member");
    let changed = |arguments: &[&str]| stint.run(&[&["person"], arguments].concat()).succeeded();
    assert_eq!(changed(&["role", "ada", "viewer"]), "Ada: viewer, active\n");
    assert_eq!(changed(&["deactivate", "eve"]), "eve: member, deactivated\n");
    let all = list(&stint);
    let expected = [["Ada", "viewer", "active"], ["eve", "member", "deactivated"]];
    assert_eq!(all, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(changed(&["activate", "EVE"]), "eve: member, active\n");
    let shown: Value = serde_json::from_str(&changed(&["show", "ada"])).unwrap();
    assert_eq!((text(&shown, "handle"), text(&shown, "time_zone")), ("Ada".to_owned(), "UTC".to_owned()));
    assert!(changed(&["list"]).lines().nth(2).unwrap().starts_with("eve "));

    for arguments in [&["show", "bob"][..], &["role", "bob", "admin"], &["invite", "bob"], &["adopt", "bob", "ci"]] {
        let complaint = stint.run(&[&["person"], arguments].concat()).failed();
        assert_eq!(complaint, "there is no person bob; `stint person list` shows who there is");
    }
    for (arguments, said) in [
        (&["role", "ada", "root"][..], "must be"),
        (&["create", "--handle", "a b", "--role", "viewer"], "letters, digits"),
        (&["create", "--handle", "bob", "--role", "viewer", "--email", "a@b@c"], "must"),
        (&["create", "--handle", "bob", "--role", "viewer", "--time-zone", "Mars"], "IANA"),
        (&["adopt", "ada", ""], "must not be empty"),
    ] {
        let ended = stint.run(&[&["person"], arguments].concat());
        assert!(ended.status == 2 && ended.stderr.contains(said), "{ended:?}");
    }
    assert_eq!(list(&stint).len(), 2);
}

/// A job on which the subject has logged some minutes, and the entry.
fn logged(server: &Server, token: &str) -> (String, String) {
    let (job, _) = read(&server.post(JOBS, token, r#"{"name": "Research"}"#), 201);
    let job = format!("{JOBS}/{}", text(&job, "id"));
    let entry = r#"{"minutes_worked": 45, "date_stamp": "2026-11-20"}"#;
    let (entry, _) = read(&server.post(&format!("{job}/time-entries"), token, entry), 201);
    (job, format!("/api/v1/time-entries/{}", text(&entry, "id")))
}

#[test]
fn a_subject_is_adopted_once_none_of_its_tokens_works() {
    let stint = Stint::new().migrated();
    let token = |name: &str, scopes: &str| {
        let created = stint.run(&["token", "create", "--name", name, "--scopes", scopes]).succeeded();
        created.trim_end().to_owned()
    };
    let (laptop, reader) = (token("ada laptop", "write"), token("reader", "read"));
    create(&stint, "ada", "member");
    create(&stint, "bob", "member");
    let server = stint.serve();
    let (job, entry) = logged(&server, &laptop);
    let (before, etag) = read(&server.get(&entry, &reader), 200);
    assert_eq!(text(&before, "created_by"), "ada laptop");
    let job_before = server.get(&job, &reader);

    let tokens: Vec<Value> = serde_json::from_str(&stint.run(&["token", "list", "--json"]).succeeded()).unwrap();
    let id = text(tokens.iter().find(|token| token["name"] == "ada laptop").unwrap(), "id");
    let adopt = ["person", "adopt", "ada", "ada laptop"];
    let refused = stint.run(&adopt).failed();
    assert!(refused.contains(&id) && refused.contains("`stint token revoke ID`"), "{refused}");
    assert_eq!(stint.run(&["person", "adopt", "ada", "BOB"]).failed(), "BOB is the handle of another person");
    assert_eq!(read(&server.get(&entry, &reader), 200), (before, etag.clone()));

    stint.run(&["token", "revoke", &id]).succeeded();
    assert_eq!(stint.run(&adopt).succeeded(), "ada: time entries of ada laptop that are theirs now: 1\n");
    let (after, new_etag) = read(&server.get(&entry, &reader), 200);
    assert_eq!((text(&after, "created_by"), after["minutes_worked"].as_u64()), ("ada".to_owned(), Some(45)));
    assert_ne!(new_etag, etag);
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&server.get(&job, &reader)), body(&job_before));
    stint.run(&["check", "totals"]).succeeded();
    assert_eq!(stint.run(&adopt).succeeded(), "ada: time entries of ada laptop that are theirs now: 0\n");
}
