//! `stint token`: the life of a token.

use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::support::Stint;

fn list(stint: &Stint) -> Vec<Value> {
    serde_json::from_str(&stint.run(&["token", "list", "--json"]).succeeded()).unwrap()
}

#[test]
fn a_secret_is_alone_on_stdout_and_nowhere_else() {
    let stint = Stint::new().migrated().set("STINT_LOG__LEVEL", "trace");
    let created = stint.run(&["token", "create", "--name", "ci", "--scopes", "read,write"]);
    let secret = created.stdout.strip_suffix('\n').unwrap().to_owned();
    assert!(secret.starts_with("stint_") && secret.len() == 49, "{created:?}");
    assert!(!created.stderr.contains(&secret));
    assert!(!stint.run(&["token", "list", "--json"]).stdout.contains(&secret));
    let file = std::fs::read(stint.path("stint.db")).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains(&secret));
}

#[test]
fn a_token_is_listed_with_what_was_asked_for() {
    let stint = Stint::new().migrated();
    let create = ["token", "create", "--name", "laptop", "--subject", "ada", "--scopes", "write,read", "--expires"];
    stint.run(&[&create[..], &["9000-01-01"]].concat()).succeeded();
    stint.token("admin");
    let tokens = list(&stint);
    assert_eq!(tokens.len(), 2);
    let laptop = &tokens[0];
    assert_eq!(
        (&laptop["name"], &laptop["subject"], &laptop["state"]),
        (&"laptop".into(), &"ada".into(), &"active".into())
    );
    assert_eq!(laptop["scopes"], serde_json::json!(["read", "write"]));
    assert_eq!(laptop["expires_at"], "9000-01-01T00:00:00.000000Z");
    assert_eq!((&tokens[1]["subject"], &tokens[1]["expires_at"]), (&"test".into(), &Value::Null));

    let table = stint.run(&["token", "list"]).succeeded();
    let rows: Vec<_> = table.lines().collect();
    assert!(rows.len() == 3 && rows[0].starts_with("ID ") && rows[1].ends_with("  laptop  ada"), "{table}");
}

#[test]
fn a_token_that_captures_has_the_secret_that_plugins_take_and_is_listed_with_what_it_counts_for() {
    let stint = Stint::new().migrated().set("STINT_LOG__LEVEL", "trace");
    let create = |capture: &[&str]| {
        stint.run(&[&["token", "create", "--name", "editor", "--subject", "ada", "--capture"], capture].concat())
    };
    let created = create(&["new-projects", "--time-zone", "Europe/Berlin"]);
    let secret = created.stdout.strip_suffix('\n').unwrap().to_owned();
    assert!(secret.parse::<uuid::Uuid>().is_ok_and(|id| id.get_version_num() == 4), "{created:?}");
    assert!(!created.stderr.contains(&secret));
    assert_eq!(secret, secret.to_lowercase());
    create(&["projects"]).succeeded();

    let tokens = list(&stint);
    let expected = serde_json::json!({
        "target": "new-projects", "time_zone": "Europe/Berlin", "gap_seconds": 900, "last_used_at": null,
    });
    assert_eq!((&tokens[0]["scopes"], &tokens[0]["capture"]), (&serde_json::json!(["capture"]), &expected));
    assert_eq!(
        (&tokens[1]["capture"]["target"], &tokens[1]["capture"]["time_zone"]),
        (&"projects".into(), &"UTC".into())
    );
    let table = stint.run(&["token", "list"]).succeeded();
    let row: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().skip(1).collect();
    assert_eq!(row, ["active", "capture", "never", "new-projects", "never", "-", "editor", "ada"]);

    let job = "019303a2-6f6e-7d30-9c43-2f1d5a0a7f11";
    assert_eq!(create(&[job]).failed(), format!("there is no job {job}"));
    for (capture, said) in [
        (&["somewhere"][..], "must be the id of a job, `projects` or `new-projects`"),
        (&["projects", "--time-zone", "Mars"], "must be a time zone of the IANA database"),
        (&["projects", "--scopes", "read"], "cannot be used with"),
    ] {
        let ended = create(capture);
        assert!(ended.status == 2 && ended.stderr.contains(said), "{ended:?}");
    }
    let neither = stint.run(&["token", "create", "--name", "ci"]);
    assert!(neither.status == 2 && neither.stderr.contains("--scopes"), "{neither:?}");
}

#[test]
fn a_capture_tokens_secret_is_in_no_line_of_a_running_service() {
    let stint = Stint::new().migrated().set("STINT_LOG__LEVEL", "trace");
    let secret = stint.run(&["token", "create", "--name", "door", "--capture", "projects"]).succeeded();
    let secret = secret.trim();
    let mut server = stint.serve();
    for path in [
        format!("/ping/{secret}?project=p"),
        format!("/ping/{secret}?colour=red"),
        format!("/ping/{secret}/x"),
        format!("/api/wakatime/v1/users/current/statusbar/today?api_key={secret}"),
    ] {
        let answer = server.get(&path, secret);
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains(secret), "{answer}");
    }
    server.signal("TERM");
    server.ended();
    let log = server.log.join("\n");
    assert!(log.contains("/ping/{token}") && !log.contains(secret), "{log}");
}

#[test]
fn a_revoked_token_is_refused_by_a_running_service() {
    let stint = Stint::new().migrated();
    let (revoked, other, server) = (stint.token("read"), stint.token("read"), stint.serve());
    let id = list(&stint)[0]["id"].as_str().unwrap().to_owned();
    assert!(stint.run(&["token", "revoke", &id]).succeeded().starts_with(&format!("revoked {id} (test) at ")));
    assert_eq!(list(&stint)[0]["state"], "revoked");

    // This service has never seen the token, so the answer is not from a cache.
    assert!(server.get("/api/v1/jobs", &revoked).starts_with("HTTP/1.1 401 "));
    assert!(server.get("/api/v1/jobs", &other).starts_with("HTTP/1.1 200 "));
}

/// The ids of the tokens with these names.
fn ids(stint: &Stint, names: &[&str]) -> Vec<String> {
    let tokens = list(stint);
    let id =
        |name: &&str| tokens.iter().find(|token| token["name"] == **name).unwrap()["id"].as_str().unwrap().to_owned();
    names.iter().map(id).collect()
}

#[test]
fn a_revoked_token_takes_along_what_it_made_unless_that_is_kept() {
    let stint = Stint::new().migrated();
    let (maker, server) = (stint.token("write"), stint.serve());
    let make = |name: &str| {
        let answer = server.post("/api/v1/capture-tokens", &maker, &format!(r#"{{"name":"{name}"}}"#));
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let from = answer.find("/ping/").unwrap();
        answer[from..from + 42].to_owned()
    };
    let pings = [make("editor"), make("door")];
    let [maker_id, editor] = ids(&stint, &["test", "editor"]).try_into().unwrap();
    let table = stint.run(&["token", "list"]).succeeded();
    let row: Vec<_> = table.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!((row[0], row[6], row[7]), (editor.as_str(), maker_id.as_str(), "editor"), "{table}");

    let kept = stint.run(&["token", "revoke", &maker_id, "--keep-made"]).succeeded();
    assert!(kept.starts_with(&format!("revoked {maker_id} (test) at ")) && !kept.contains(", and"), "{kept}");
    assert!(pings.iter().all(|ping| server.get(&format!("{ping}?project=p"), "").starts_with("HTTP/1.1 202 ")));
    assert_eq!(list(&stint).iter().filter(|token| token["state"] == "active").count(), 2);
    let taken = stint.run(&["token", "revoke", &maker_id]).succeeded();
    assert!(taken.ends_with(", and 2 tokens that it made\n"), "{taken}");
    assert!(list(&stint).iter().all(|token| token["state"] == "revoked"));
    assert_eq!(list(&stint)[1]["made_by"], maker_id.as_str());
}

#[test]
fn more_tokens_than_a_page_are_listed_as_one_array_and_one_table() {
    let stint = Stint::new().migrated();
    assert_eq!(stint.run(&["token", "list", "--json"]).succeeded(), "[]\n");
    assert_eq!(stint.run(&["token", "list"]).succeeded().lines().count(), 1);
    stint.run(&["token", "create", "--name", "ci", "--scopes", "read"]).succeeded();
    let mut connection = stint.sqlite();
    let insert = connection.batch_execute(
        "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at)
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 450)
        SELECT randomblob(16), 'x', 'x', 'read', randomblob(32), n / 10 FROM n",
    );
    insert.unwrap();
    let tokens = list(&stint);
    let distinct: std::collections::HashSet<_> = tokens.iter().map(|token| token["id"].as_str()).collect();
    assert_eq!((tokens.len(), distinct.len()), (451, 451));
    assert_eq!(tokens[450]["name"], "ci");
    assert_eq!(stint.run(&["token", "list"]).succeeded().lines().count(), 452);
}

#[test]
fn what_makes_no_token_is_refused() {
    let stint = Stint::new().migrated();
    let create = |name, scopes, expires| {
        stint.run(&["token", "create", "--name", name, "--scopes", scopes, "--expires", expires])
    };
    for (name, scopes, expires, said) in [
        ("", "read", "90d", "must not be empty"),
        ("ci", "root", "90d", "must be one or more of `read`, `write`, `admin`"),
        ("ci", "capture", "90d", "`capture` needs to know for what: use --capture"),
        ("ci", "read", "soon", "must be a span such as `90d` or a date"),
    ] {
        let ended = create(name, scopes, expires);
        assert!(ended.status == 2 && ended.stdout.is_empty() && ended.stderr.contains(said), "{ended:?}");
    }
    assert!(create("ci", "read", "2001-01-01").failed().starts_with("the token would expire at 2001-01-01"));
    assert!(list(&stint).is_empty());

    let unknown = "019303a2-6f6e-7d30-9c43-2f1d5a0a7f11";
    assert_eq!(stint.run(&["token", "revoke", unknown]).failed(), format!("there is no token {unknown}"));
    assert_eq!(stint.run(&["token", "revoke", "ci"]).status, 2);
}
