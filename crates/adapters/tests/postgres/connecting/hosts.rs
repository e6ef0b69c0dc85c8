//! Which server is found, and how a login gets its password.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::connect;
use crate::PATIENCE;
use crate::postgres::cluster::Cluster;

/// A port of a server that is down.
fn dead_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The port that the connection has led to.
async fn port(url: &str) -> Result<u16, String> {
    let row = connect(url).await?.query_one("SELECT current_setting('port')", &[]).await.unwrap();
    Ok(row.get::<_, String>(0).parse().unwrap())
}

/// A URL of several servers on this machine.
fn hosts(ports: &[u16], parameters: &str) -> String {
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("postgres://stint@{}/postgres?{parameters}", hosts.join(","))
}

fn write(file: &Path, text: &str, mode: u32) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_socket_is_reached_by_its_folder_or_its_abstract_name() {
    let mut cluster = Cluster::started(&[]);
    let (folder, number) = (cluster.socket().to_str().unwrap().to_owned(), cluster.port);
    for url in [
        format!("postgres:///postgres?host={folder}&port={number}&user=stint"),
        format!("postgres://stint@{}:{number}/postgres", folder.replace('/', "%2F")),
        format!("host={folder} port={number} user=stint dbname=postgres sslmode=require"),
    ] {
        let client = connect(&url).await.unwrap();
        let row = client.query_one("SELECT inet_client_addr() IS NULL", &[]).await.unwrap();
        assert!(row.get::<_, bool>(0), "{url}");
    }
    cluster.stop("INT");
    let told = connect(&format!("host={folder} port={number} user=stint")).await.err().unwrap();
    assert!(told.contains(&format!("server on socket {folder}/.s.PGSQL.{number}: ")), "{told}");
    let abstract_name = format!("@stint-{number}");
    cluster.start(&[&format!("unix_socket_directories={abstract_name}")]);
    let url = format!("host={abstract_name} port={number} user=stint dbname=postgres");
    assert_eq!(port(&url).await, Ok(number));
}

#[tokio::test]
async fn the_first_host_that_accepts_and_fits_is_taken() {
    let mut primary = Cluster::new();
    let mut standby = primary.standby();
    primary.start(&[]);
    standby.start(&[]);
    let read_only = Cluster::started(&["default_transaction_read_only=on"]);
    let (dead, primary, standby, read_only) = (dead_port(), primary.port, standby.port, read_only.port);

    assert_eq!(port(&hosts(&[dead, standby, primary], "")).await, Ok(standby));
    let all = [dead, read_only, standby, primary];
    for (wanted, found) in [
        ("any", read_only),
        ("read-write", primary),
        ("read-only", read_only),
        ("primary", read_only),
        ("standby", standby),
        ("prefer-standby", standby),
    ] {
        let attrs = format!("target_session_attrs={wanted}");
        assert_eq!(port(&hosts(&all, &attrs)).await, Ok(found), "{wanted}");
    }
    assert_eq!(port(&hosts(&[dead, primary], "target_session_attrs=prefer-standby")).await, Ok(primary));
    let told = port(&hosts(&[dead, standby], "target_session_attrs=read-write")).await.unwrap_err();
    let expected = format!(
        "no connection to Postgres: server at 127.0.0.1, port {dead}: error connecting to server: \
         Connection refused (os error 111); server at 127.0.0.1, port {standby}: it does not accept writes \
         (target_session_attrs=read-write)"
    );
    assert_eq!(told, expected);

    let mut found = BTreeSet::new();
    for _ in 0..100 {
        found.insert(port(&hosts(&[standby, primary], "load_balance_hosts=random")).await.unwrap());
    }
    assert_eq!(found.len(), 2, "a hundred random choices are not all the same");
}

#[tokio::test]
async fn a_refused_login_ends_the_search_and_other_refusals_do_not() {
    let (closed, open) = (Cluster::started(&[]), Cluster::started(&[]));
    let admin = connect(&hosts(&[closed.port], "")).await.unwrap();
    admin.batch_execute("CREATE DATABASE only_here").await.unwrap();
    admin.batch_execute("CREATE ROLE absent_there LOGIN").await.unwrap();
    // A database that is missing on the first host is found on the second.
    let ports = [open.port, closed.port];
    assert_eq!(port(&hosts(&ports, "dbname=only_here")).await, Ok(closed.port));
    let told = port(&hosts(&ports, "user=absent_there")).await.unwrap_err();
    assert!(told.contains("(SQLSTATE 28000)") && !told.contains(&closed.port.to_string()), "{told}");
}

/// A test that waits for ever says less than one that fails.
async fn limit<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it takes too long")
}

#[tokio::test]
async fn a_server_that_says_nothing_ends_in_the_time_limit() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = listener.local_addr().unwrap().port();
    let limited = "connect_timeout=1&sslmode=disable";
    let start = Instant::now();
    let told = limit(port(&hosts(&[silent], limited))).await.unwrap_err();
    assert!(start.elapsed() >= Duration::from_secs(2), "libpq's least limit is 2 s");
    assert!(told.ends_with(&format!("port {silent}: no answer within 2 s (connect_timeout)")), "{told}");
    // With TLS, too; and the next host has a limit of its own.
    let cluster = Cluster::started(&[]);
    assert_eq!(limit(port(&hosts(&[silent, cluster.port], "connect_timeout=2"))).await, Ok(cluster.port));
}

/// A server whose user `secret` needs a password.
async fn with_password() -> Cluster {
    let mut cluster = Cluster::started(&[]);
    let admin = connect(&hosts(&[cluster.port], "")).await.unwrap();
    admin.batch_execute("CREATE ROLE secret LOGIN PASSWORD 'hun:t\\er2'").await.unwrap();
    admin.batch_execute("CREATE DATABASE secret").await.unwrap();
    cluster.stop("INT");
    cluster.put("pg_hba.conf", "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n");
    cluster.start(&[]);
    cluster
}

#[tokio::test]
async fn a_password_is_looked_up_for_each_host() {
    let cluster = with_password().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    let line = format!("127.0.0.1:{}:secret:secret:hun\\:t\\\\er2\n", cluster.port);
    write(&file, &format!("127.0.0.1:1:*:*:wrong\n{line}"), 0o600);
    let url =
        format!("postgres://secret@127.0.0.1:{},127.0.0.1:{}?passfile={}", dead_port(), cluster.port, file.display());
    assert_eq!(port(&url).await, Ok(cluster.port));
    assert_eq!(port(&format!("{url}&password=hun:t%5Cer2")).await, Ok(cluster.port));
    let told = port(&format!("{url}&password=wrong")).await.unwrap_err();
    assert!(told.ends_with("password authentication failed for user \"secret\" (SQLSTATE 28P01)"), "{told}");

    write(&file, &line, 0o644);
    assert!(port(&url).await.unwrap_err().contains("password missing"));
    write(&file, &line.replace("er2", "er3"), 0o600);
    let told = port(&url).await.unwrap_err();
    assert!(told.contains("with the password of the password file") && !told.contains("er3"), "{told}");
}

/// The URL and the port, in the process of its own that the test below starts.
const INSIDE: [&str; 2] = ["STINT_TEST_CONNECTS_TO", "STINT_TEST_FINDS"];

#[tokio::test]
async fn the_environment_says_what_the_url_does_not() {
    if let [Ok(url), Ok(found)] = INSIDE.map(std::env::var) {
        assert_eq!(port(&url).await, Ok(found.parse().unwrap()));
        return;
    }
    let cluster = with_password().await;
    let number = cluster.port.to_string();
    let home = tempfile::tempdir().unwrap();
    write(&home.path().join(".pgpass"), "*:*:*:secret:hun\\:t\\\\er2\n", 0o600);
    let service = format!("[prod]\nhost=127.0.0.1\nport={number}\nuser=secret\n");
    write(&home.path().join(".pg_service.conf"), &service, 0o644);
    let (password, folder) = ("hun:t\\er2", cluster.socket().to_str().unwrap());
    let reached = [("PGHOST", "127.0.0.1"), ("PGPORT", &number), ("PGUSER", "secret")];
    let found = |url: &str, variables: &[(&str, &str)]| {
        let test = "postgres::connecting::hosts::the_environment_says_what_the_url_does_not";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--quiet"]).envs([(INSIDE[0], url), (INSIDE[1], number.as_str())]);
        command.env("HOME", "/nowhere").envs(variables.iter().copied()).output().unwrap().status.success()
    };
    let with = |more: &[(&'static str, &'static str)]| {
        let mut variables: Vec<(&str, &str)> = reached.to_vec();
        variables.extend(more);
        found("postgres://", &variables)
    };
    assert!(with(&[("PGPASSWORD", password)]));
    assert!(!with(&[]));
    assert!(!with(&[("PGPASSWORD", "wrong")]));
    let own = home.path().to_str().unwrap();
    assert!(found("postgres://", &[reached.as_slice(), &[("HOME", own)]].concat()));
    assert!(found("postgres:///secret?service=prod", &[("HOME", own)]));
    assert!(found(
        "postgres://",
        &[("PGHOST", folder), ("PGPORT", &number), ("PGUSER", "secret"), ("PGPASSWORD", password)]
    ));
    // The text wins.
    let url = format!("postgres://secret@127.0.0.1:{number}");
    assert!(found(&url, &[("PGHOST", "/nowhere"), ("PGPORT", "1"), ("PGUSER", "nobody"), ("PGPASSWORD", password)]));
}
