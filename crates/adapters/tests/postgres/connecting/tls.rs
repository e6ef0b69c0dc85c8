//! What `sslmode` and its options promise, against a server that has TLS.

use std::path::Path;

use super::certificates::{Authority, bundle};
use super::connect;
use crate::postgres::cluster::Cluster;

/// Who may log in, and how.
const RULES: &str = "local all all trust
host all stint 127.0.0.1/32 trust
hostssl all tls 127.0.0.1/32 trust
hostnossl all plain 127.0.0.1/32 trust
hostssl all shown 127.0.0.1/32 cert
host all secret 127.0.0.1/32 scram-sha-256
";

/// A running server with TLS, whose certificate is `server.crt` of this authority, and these users.
async fn server(authority: &Authority, certificate: &str) -> Cluster {
    let mut cluster = Cluster::new();
    put_certificate(&cluster, authority, certificate);
    cluster.put("pg_hba.conf", RULES);
    cluster.start(&["ssl=on", "ssl_ca_file=root.crt", "log_connections=on"]);
    let client = connect(&cluster.url_of("stint", "sslmode=disable")).await.unwrap();
    let users = "CREATE ROLE tls LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE shown LOGIN;
                 CREATE ROLE secret LOGIN PASSWORD 'hunter2'";
    client.batch_execute(users).await.unwrap();
    cluster
}

fn put_certificate(cluster: &Cluster, authority: &Authority, name: &str) {
    cluster.put("server.crt", authority.text(&format!("{name}.crt")));
    cluster.put("server.key", authority.text(&format!("{name}.key")));
    cluster.put("root.crt", authority.text("root.crt"));
}

/// Whether the connection has TLS, or why there is none.
async fn has_tls(url: &str) -> Result<bool, String> {
    let client = connect(url).await?;
    let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
    Ok(row.get(0))
}

fn assert_told<T: std::fmt::Debug>(result: &Result<T, String>, words: &str) {
    assert!(result.as_ref().is_err_and(|told| told.contains(words)), "{words:?} is not in {result:?}");
}

fn root(file: &Path) -> String {
    format!("sslrootcert={}", file.display())
}

#[tokio::test]
async fn each_sslmode_uses_tls_as_libpq_does() {
    let authority = Authority::new();
    authority.sign("server", "DNS:localhost");
    let mut cluster = server(&authority, "server").await;
    for (user, mode, expected) in [
        ("stint", "disable", Some(false)),
        ("stint", "allow", Some(false)),
        ("stint", "prefer", Some(true)),
        ("stint", "require", Some(true)),
        ("tls", "disable", None),
        ("tls", "allow", Some(true)),
        ("tls", "prefer", Some(true)),
        ("plain", "allow", Some(false)),
        ("plain", "prefer", Some(false)),
        ("plain", "require", None),
    ] {
        let result = has_tls(&cluster.url_of(user, &format!("sslmode={mode}"))).await;
        assert_eq!(result.as_ref().ok(), expected.as_ref(), "{user} {mode}: {result:?}");
        if expected.is_none() {
            assert_told(&result, "(SQLSTATE 28000)");
        }
    }
    assert_eq!(has_tls(&cluster.url_of("stint", "")).await, Ok(true));

    cluster.stop("INT");
    cluster.start(&["ssl=off"]);
    assert_eq!(has_tls(&cluster.url_of("stint", "sslmode=prefer")).await, Ok(false));
    assert_told(&has_tls(&cluster.url_of("stint", "sslmode=require")).await, "server does not support TLS");
    // A refusal is told once, because there was no TLS to do without.
    let refused = has_tls(&cluster.url_of("tls", "sslmode=prefer")).await.unwrap_err();
    assert_eq!(refused.matches("28000").count(), 1, "{refused}");
    let log = cluster.log();
    assert_eq!(log.matches("no pg_hba.conf entry for host").count(), 1, "{log}");
}

#[tokio::test]
async fn a_chain_is_verified_where_there_are_roots_and_a_name_in_verify_full() {
    let (authority, other) = (Authority::new(), Authority::named("other"));
    authority.sign("server", "DNS:localhost,IP:127.0.0.1");
    let cluster = server(&authority, "server").await;
    let (right, wrong) = (root(&authority.root()), root(&other.root()));
    let both = other.path("both.crt");
    bundle(&both, &[other.root(), authority.root()]);
    let both = root(&both);

    let at = |host: &str, parameters: &str| {
        format!("postgres://tls@{host}:{}/postgres?hostaddr=127.0.0.1&{parameters}", cluster.port)
    };
    for (host, parameters, refused) in [
        ("other.example", "sslmode=require".to_owned(), None),
        ("other.example", format!("sslmode=require&{right}"), None),
        ("other.example", format!("sslmode=require&{wrong}"), Some("UnknownIssuer")),
        ("other.example", "sslmode=require&sslrootcert=/nowhere/root.crt".to_owned(), None),
        ("other.example", format!("sslmode=verify-ca&{right}"), None),
        ("other.example", format!("sslmode=verify-ca&{both}"), None),
        ("other.example", format!("sslmode=verify-ca&{wrong}"), Some("UnknownIssuer")),
        ("localhost", format!("sslmode=verify-ca&{wrong}"), Some("UnknownIssuer")),
        ("localhost", format!("sslmode=verify-full&{right}"), None),
        ("127.0.0.1", format!("sslmode=verify-full&{right}"), None),
        ("localhost", format!("sslmode=verify-full&{wrong}"), Some("UnknownIssuer")),
        ("other.example", format!("sslmode=verify-full&{right}"), Some("not valid for name \"other.example\"")),
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere/root.crt".to_owned(), Some("needs root certificates")),
        ("localhost", format!("sslmode=verify-full&{right}&ssl_max_protocol_version=TLSv1.2"), None),
        ("localhost", format!("sslmode=verify-ca&{wrong}&ssl_max_protocol_version=TLSv1.2"), Some("UnknownIssuer")),
    ] {
        let result = has_tls(&at(host, &parameters)).await;
        match refused {
            None => assert_eq!(result, Ok(true), "{host} {parameters}"),
            Some(words) => assert_told(&result, words),
        }
    }
    // By its name, which may have other addresses, too.
    let named = format!("postgres://tls@localhost:{}/postgres?sslmode=verify-full&{right}", cluster.port);
    assert_eq!(has_tls(&named).await, Ok(true));
    // Without trust there is still the connection without TLS, if one may fall back to it.
    assert_eq!(has_tls(&cluster.url_of("stint", &format!("sslmode=prefer&{wrong}"))).await, Ok(false));
    assert_told(&has_tls(&cluster.url_of("tls", &format!("sslmode=prefer&{wrong}"))).await, "no encryption");
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_believed_if_it_is_the_root() {
    let authority = Authority::new();
    authority.sign_itself("localhost");
    authority.sign_itself("other");
    let mut cluster = server(&authority, "localhost").await;
    let port = cluster.port;
    let at = |host: &str, mode: &str, file: &str| {
        let file = root(&authority.path(file));
        format!("postgres://tls@{host}:{port}/postgres?hostaddr=127.0.0.1&sslmode={mode}&{file}")
    };
    assert_eq!(has_tls(&at("localhost", "verify-full", "localhost.crt")).await, Ok(true));
    assert_eq!(has_tls(&at("elsewhere", "verify-ca", "localhost.crt")).await, Ok(true));
    assert_told(&has_tls(&at("elsewhere", "verify-full", "localhost.crt")).await, "not valid for name");
    assert!(has_tls(&at("localhost", "verify-ca", "other.crt")).await.is_err());

    authority.write_expired();
    cluster.stop("INT");
    put_certificate(&cluster, &authority, "expired");
    cluster.start(&["ssl=on", "ssl_ca_file=root.crt"]);
    assert_told(&has_tls(&at("localhost", "verify-ca", "expired.crt")).await, "certificate expired");
}

#[tokio::test]
async fn old_certificates_are_used_as_far_as_that_is_safe() {
    let (authority, limited) = (Authority::new(), Authority::limited("limited", "db.example"));
    authority.sign("localhost", "");
    authority.write_version_1();
    let mut cluster = server(&authority, "localhost").await;
    let at = |host: &str, parameters: &str| {
        format!("postgres://tls@{host}:{}/postgres?hostaddr=127.0.0.1&{parameters}", cluster.port)
    };
    let full = format!("sslmode=verify-full&{}", root(&authority.root()));
    let full_old = at("old", &full);
    // The common name counts where there is no subjectAltName.
    assert_eq!(has_tls(&at("localhost", &full)).await, Ok(true));
    assert_told(&has_tls(&at("elsewhere", &full)).await, "not valid for name");
    // And where no authority limits names.
    let both = authority.path("both.crt");
    bundle(&both, &[authority.root(), limited.root()]);
    assert_told(
        &has_tls(&at("localhost", &format!("sslmode=verify-full&{}", root(&both)))).await,
        "not valid for name",
    );

    // Version 1 cannot be verified, but it can encrypt.
    let require = at("old", "sslmode=require");
    cluster.stop("INT");
    put_certificate(&cluster, &authority, "old");
    cluster.start(&["ssl=on", "ssl_ca_file=root.crt"]);
    assert_eq!(has_tls(&require).await, Ok(true));
    assert_told(&has_tls(&full_old).await, "X.509 version 1");
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let authority = Authority::new();
    authority.sign("server", "DNS:localhost");
    let cluster = server(&authority, "server").await;
    let with = |list: &Path| {
        let parameters = format!("sslmode=verify-ca&{}&sslcrl={}", root(&authority.root()), list.display());
        cluster.url_of("tls", &parameters)
    };
    let list = authority.revoke(None);
    assert_eq!(has_tls(&with(&list)).await, Ok(true));
    let list = authority.revoke(Some("server"));
    assert_told(&has_tls(&with(&list)).await, "Revoked");
    assert_told(&has_tls(&with(&authority.path("none"))).await, "sslcrl /");
}

#[tokio::test]
async fn a_certificate_is_shown_to_a_server_that_asks_for_it() {
    use std::os::unix::fs::PermissionsExt;
    let authority = Authority::new();
    authority.sign("server", "DNS:localhost");
    authority.sign("shown", "");
    let cluster = server(&authority, "server").await;
    let (certificate, key) = (authority.path("shown.crt"), authority.path("shown.key"));
    let shown = format!("sslmode=require&sslcert={}&sslkey={}", certificate.display(), key.display());
    assert_eq!(has_tls(&cluster.url_of("shown", &shown)).await, Ok(true));
    assert_told(&has_tls(&cluster.url_of("shown", "sslmode=require")).await, "certificate");
    assert_told(&has_tls(&cluster.url_of("shown", &format!("{shown}&sslcertmode=disable"))).await, "certificate");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_told(&has_tls(&cluster.url_of("shown", &shown)).await, "its mode is 0644");
}

#[tokio::test]
async fn a_password_is_bound_to_the_connection_with_tls() {
    let authority = Authority::new();
    authority.sign("server", "DNS:localhost");
    let cluster = server(&authority, "server").await;
    for version in ["TLSv1.2", "TLSv1.3"] {
        let bound =
            format!("password=hunter2&channel_binding=require&sslmode=require&ssl_max_protocol_version={version}");
        assert_eq!(has_tls(&cluster.url_of("secret", &bound)).await, Ok(true));
    }
    // A login that fails by itself is not tried again without TLS.
    let connections = || cluster.log().matches("connection received").count();
    let before = connections();
    assert_told(&has_tls(&cluster.url_of("secret", "sslmode=prefer")).await, "password missing");
    assert_eq!(connections(), before + 1);
    let without = "password=hunter2&channel_binding=require&sslmode=disable";
    assert_told(&has_tls(&cluster.url_of("secret", without)).await, "channel binding");
    let wrong = has_tls(&cluster.url_of("secret", "password=hunter3&sslmode=require")).await;
    assert_told(&wrong, "password authentication failed for user \"secret\" (SQLSTATE 28P01)");
    assert!(!wrong.unwrap_err().contains("hunter3"));
}
