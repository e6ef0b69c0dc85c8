//! Which layer wins, and which errors stop the start.

use std::fs;

use tempfile::TempDir;

use super::*;

/// Surroundings with these variables, in a folder of their own.
fn surroundings(variables: &[(&str, &str)]) -> (TempDir, Surroundings) {
    let dir = TempDir::new().unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let surroundings = Surroundings { variables, directory: dir.path().to_owned() };
    (dir, surroundings)
}

fn source(configuration: &Configuration, path: &str) -> (String, String) {
    let found = configuration.in_force().find(|setting| setting.key.path == path).unwrap();
    (found.value, found.source)
}

fn refusal(variables: &[(&str, &str)]) -> String {
    let (_dir, surroundings) = surroundings(variables);
    Configuration::load(&surroundings).unwrap_err().to_string()
}

const URL: (&str, &str) = ("STINT_DATABASE_URL", "sqlite:///var/lib/stint.db");

#[test]
fn unset_means_deployment_and_a_deployment_names_its_database() {
    assert_eq!(refusal(&[]), "missing setting database.url: set STINT_DATABASE__URL");
    let (_dir, surroundings) = surroundings(&[URL]);
    let configuration = Configuration::load(&surroundings).unwrap();
    assert_eq!(configuration.environment, Environment::Deployment);
    assert_eq!(configuration.settings.log.format, crate::telemetry::LogFormat::Json);
}

#[test]
fn every_environment_loads_and_an_unknown_one_is_named() {
    for environment in ["development", "staging", "deployment"] {
        let (_dir, surroundings) = surroundings(&[URL, ("STINT_ENV", environment)]);
        assert_eq!(Configuration::load(&surroundings).unwrap().environment.to_string(), environment);
    }
    let refused = refusal(&[URL, ("STINT_ENV", "prod")]);
    assert_eq!(refused, "STINT_ENV is `prod`, but must be `development`, `staging` or `deployment`");
}

#[test]
fn every_key_is_in_the_base_but_the_database() {
    let (_dir, surroundings) = surroundings(&[URL]);
    let in_force: Vec<_> = Configuration::load(&surroundings).unwrap().in_force().collect();
    assert_eq!(in_force.len(), KEYS.len());
    let elsewhere: Vec<_> = in_force.iter().filter(|s| !s.source.ends_with("(built in)")).map(|s| s.key.path).collect();
    assert_eq!(elsewhere, ["database.url"]);
}

#[test]
fn a_service_called_stint_or_like_it_in_kubernetes_disturbs_nothing() {
    let links = [
        ("STINT_SERVICE_HOST", "10.0.0.1"),
        ("STINT_SERVICE_PORT_HTTP", "8080"),
        ("STINT_PORT", "8080"),
        ("STINT_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("STINT_DATABASE_PORT", "tcp://10.0.0.2:5432"),
        ("STINT_REDIS_SERVICE_HOST", "10.0.0.3"),
    ];
    let (_dir, surroundings) = surroundings(&[&[URL][..], &links].concat());
    let names = links.map(|(name, _)| name);
    let configuration = Configuration::load(&surroundings).unwrap();
    assert!(configuration.in_force().all(|setting| !names.contains(&setting.source.as_str())));
    let refused = "unknown setting http_port in STINT_HTTP_PORT; the sections are";
    assert!(refusal(&[URL, ("STINT_HTTP_PORT", "8080")]).starts_with(refused));
}

#[test]
fn later_layers_win_and_each_value_names_its_source() {
    let (dir, mut surroundings) = surroundings(&[("STINT_ENV", "development")]);
    let pool = |surroundings: &Surroundings| {
        let configuration = Configuration::load(surroundings).unwrap();
        (configuration.settings.database.pool_size, source(&configuration, "database.pool_size").1)
    };
    assert_eq!(pool(&surroundings), (8, "base.toml (built in)".to_owned()));

    let local = dir.path().join("local.toml");
    fs::write(&local, "[database]\npool_size = 3").unwrap();
    assert_eq!(pool(&surroundings), (3, local.display().to_string()));

    let config = dir.path().join("stint.toml");
    fs::write(&config, "[database]\npool_size = 4").unwrap();
    surroundings.variables.push(("STINT_CONFIG".into(), config.clone().into()));
    assert_eq!(pool(&surroundings), (4, config.display().to_string()));

    surroundings.variables.push(("STINT_DATABASE__POOL_SIZE".into(), "5".into()));
    assert_eq!(pool(&surroundings), (5, "STINT_DATABASE__POOL_SIZE".to_owned()));
}

#[test]
fn local_settings_are_for_development_alone() {
    let (dir, surroundings) = surroundings(&[URL]);
    fs::write(dir.path().join("local.toml"), "[database]\npool_size = 3").unwrap();
    assert_eq!(Configuration::load(&surroundings).unwrap().settings.database.pool_size, 8);
}

#[test]
fn the_plain_name_of_the_url_gives_way_to_the_full_one() {
    let (_dir, surroundings) = surroundings(&[("STINT_DATABASE__URL", "sqlite://full.db"), URL]);
    let configuration = Configuration::load(&surroundings).unwrap();
    assert_eq!(source(&configuration, "database.url"), ("sqlite://full.db".into(), "STINT_DATABASE__URL".into()));
}

#[test]
fn unknown_keys_stop_the_start_wherever_they_stand() {
    let refused = refusal(&[URL, ("STINT_METRICS__LISTN", "127.0.0.1:1")]);
    assert_eq!(refused, "unknown setting metrics.listn in STINT_METRICS__LISTN; [metrics] has listen");
    let refused = refusal(&[URL, ("STINT_POOL", "5")]);
    assert_eq!(
        refused,
        "unknown setting pool in STINT_POOL; the sections are database, redis, coalescing, http, people, oidc, \
         capture, worker, retention, tasks, metrics, log"
    );

    let (dir, mut surroundings) = surroundings(&[URL]);
    let config = dir.path().join("stint.toml");
    fs::write(&config, "[databse]\nurl = 'sqlite://x'").unwrap();
    surroundings.variables.push(("STINT_CONFIG".into(), config.clone().into()));
    let refused = Configuration::load(&surroundings).unwrap_err().to_string();
    assert!(refused.starts_with(&format!("unknown setting databse.url in {}", config.display())), "{refused}");
}

#[test]
fn variables_of_the_tests_are_no_settings() {
    let (_dir, surroundings) = surroundings(&[URL, ("STINT_TEST_DATABASE_URL", "postgres://x")]);
    Configuration::load(&surroundings).unwrap();
}

#[test]
fn bad_values_are_named_with_key_and_source() {
    for (name, value, refused) in [
        (
            "STINT_HTTP__LISTEN",
            "localhost",
            "bad setting http.listen = `localhost` in STINT_HTTP__LISTEN: must be an address",
        ),
        (
            "STINT_HTTP__KEEP_ALIVE",
            "10",
            "bad setting http.keep_alive = `10` in STINT_HTTP__KEEP_ALIVE: must be a whole",
        ),
        (
            "STINT_DATABASE__POOL_SIZE",
            "many",
            "bad setting database.pool_size = `many` in STINT_DATABASE__POOL_SIZE: must be u32",
        ),
        ("STINT_LOG__FORMAT", "xml", "bad setting log.format = `xml` in STINT_LOG__FORMAT: must be one of text, json"),
        ("STINT_LOG__LEVEL", "a=b=c", "bad setting log.level = `a=b=c` in STINT_LOG__LEVEL: "),
        (
            "STINT_HTTP__BASE_PATH",
            "/time/",
            "bad setting http.base_path = `/time/` in STINT_HTTP__BASE_PATH: must begin with `/`, not end with it",
        ),
        (
            "STINT_HTTP__BASE_PATH",
            "/api",
            "bad setting http.base_path = `/api` in STINT_HTTP__BASE_PATH: must not begin with `/api`",
        ),
        (
            "STINT_HTTP__CORS_ORIGINS",
            "https://a.example,*",
            "bad setting http.cors_origins = `https://a.example,*` in STINT_HTTP__CORS_ORIGINS: must be origins as browsers",
        ),
        ("STINT_METRICS__LISTEN", "9464", "bad setting metrics.listen = `9464` in STINT_METRICS__LISTEN: "),
    ] {
        let message = refusal(&[URL, (name, value)]);
        assert!(message.starts_with(refused), "{message}");
    }
}

#[test]
fn a_bad_url_is_refused_without_showing_its_password() {
    let message = refusal(&[("STINT_DATABASE_URL", "mysql://u:hunter2@db/stint")]);
    assert!(message.contains("database.url = `mysql://u:***@db/stint` in STINT_DATABASE_URL"), "{message}");
    let message = refusal(&[("STINT_DATABASE_URL", "hunter2")]);
    assert!(message.contains("database.url = `***`") && !message.contains("hunter2"), "{message}");
}

#[test]
fn files_that_are_missing_or_no_toml_are_named() {
    let message = refusal(&[URL, ("STINT_CONFIG", "absent.toml")]);
    assert!(message.starts_with("cannot read the settings in ") && message.ends_with("absent.toml"), "{message}");
    let (dir, mut surroundings) = surroundings(&[URL]);
    fs::write(dir.path().join("broken.toml"), "[database\nurl = 'postgres://u:hunter2@db/x'").unwrap();
    surroundings.variables.push(("STINT_CONFIG".into(), "broken.toml".into()));
    let message = Configuration::load(&surroundings).unwrap_err().to_string();
    assert!(message.contains("broken.toml are not valid TOML") && !message.contains("hunter2"), "{message}");
}

/// The whole table: each row, in this order, and no other. Copy missing rows from the message.
#[test]
fn the_operations_guide_documents_every_key() {
    let guide = include_str!("../../../../docs/operations.md");
    let row = |key: &Key| {
        let default = key.default.filter(|default| !default.is_empty()).map(|default| format!("`{default}`"));
        format!("| `{}` | {} | {} |\n", key.path, default.unwrap_or_default(), key.meaning())
    };
    let table: String = KEYS.iter().map(row).collect();
    let table = format!("\n| key | default | meaning |\n| --- | --- | --- |\n{table}\n");
    assert!(guide.contains(&table), "docs/operations.md has another table than this:\n{table}");
}

#[test]
fn redis_is_none_unless_it_is_named_by_either_name() {
    let redis = |variables: &[(&str, &str)]| {
        let (_dir, surroundings) = surroundings(variables);
        let configuration = Configuration::load(&surroundings).unwrap();
        (configuration.settings.redis.url.is_some(), source(&configuration, "redis.url").0)
    };
    assert_eq!(redis(&[URL]), (false, String::new()));
    for name in ["STINT_REDIS_URL", "STINT_REDIS__URL"] {
        let shown = "redis://:***@queue.example:6379/0".to_owned();
        assert_eq!(redis(&[URL, (name, "redis://:hunter2@queue.example:6379/0")]), (true, shown));
    }
    let message = refusal(&[URL, ("STINT_REDIS_URL", "http://:hunter2@queue.example")]);
    assert!(
        message.starts_with("bad setting redis.url = `http://:***@queue.example` in STINT_REDIS_URL: "),
        "{message}"
    );
}

#[test]
fn a_provider_needs_its_address_and_its_secret_is_not_shown() {
    let provider = [
        URL,
        ("STINT_HTTP__PUBLIC_URL", "https://time.example.org"),
        ("STINT_OIDC__ISSUER", "https://id.example.org"),
        ("STINT_OIDC__CLIENT_ID", "stint"),
        ("STINT_OIDC__CLIENT_SECRET", "hunter2"),
        ("STINT_OIDC__ROLE_CLAIM", "groups"),
        ("STINT_OIDC__ROLES", "staff=member"),
        ("STINT_PEOPLE__LOCAL_PASSWORDS", "false"),
    ];
    let (_dir, surroundings) = surroundings(&provider);
    let configuration = Configuration::load(&surroundings).unwrap();
    assert_eq!(source(&configuration, "oidc.client_secret").0, "***");
    assert!(!format!("{:?}", configuration.settings).contains("hunter2"));
    assert_eq!(configuration.settings.oidc.client_secret.expose(), "hunter2");
}

#[test]
fn tasks_have_times_or_are_turned_off() {
    let message = refusal(&[URL, ("STINT_TASKS__PRUNE_PINGS", "every day")]);
    let expected = "bad setting tasks.prune_pings = `every day` in STINT_TASKS__PRUNE_PINGS: must be five fields";
    assert!(message.starts_with(expected), "{message}");
    let (_dir, surroundings) = surroundings(&[URL, ("STINT_TASKS__PRUNE_PINGS", "")]);
    let tasks = Configuration::load(&surroundings).unwrap().settings.tasks;
    assert!(tasks.prune_pings.0.is_none() && tasks.verify_totals.0.is_some());
}

#[test]
fn settings_that_do_not_go_together_are_named() {
    for (name, value, refused) in [
        ("STINT_RETENTION__IDEMPOTENCY_KEYS", "23h", "retention.idempotency_keys = `23h`"),
        ("STINT_RETENTION__IDEMPOTENCY_KEYS", "49h", "retention.idempotency_keys = `49h`"),
        ("STINT_RETENTION__PINGS", "15d", "retention.pings = `15d`"),
        ("STINT_CAPTURE__MAX_AGE", "89d", "retention.pings = `90d`"),
        ("STINT_RETENTION__TASK_RUNS", "1h", "retention.task_runs = `1h`"),
        ("STINT_HTTP__BODY_BUDGET", "31MiB", "http.body_budget = `31MiB`"),
        ("STINT_HTTP__BODY_BUDGET", "4096MiB", "http.body_budget = `4096MiB`"),
        ("STINT_HTTP__BATCH_LIMIT", "33MiB", "http.body_budget = `64MiB`"),
        ("STINT_HTTP__BODY_LIMIT", "33MiB", "http.body_budget = `64MiB`"),
        ("STINT_PEOPLE__LOCAL_PASSWORDS", "false", "people.local_passwords = `false`"),
        ("STINT_OIDC__ISSUER", "https://id.example.org", "oidc.issuer = `https://id.example.org`"),
        ("STINT_OIDC__ISSUER", "http://id.example.org", "oidc.issuer = `http://id.example.org`"),
        ("STINT_OIDC__SCOPES", "profile", "oidc.scopes = `profile`"),
        ("STINT_OIDC__ROLES", "staff=member", "oidc.role_claim = ``"),
        ("STINT_OIDC__ROLES", "staff", "oidc.roles = `staff`"),
        ("STINT_OIDC__BEARER_AUDIENCE", "stint", "oidc.bearer_audience = `stint`"),
        ("STINT_CAPTURE__GAP", "2d", "capture.gap = `2d`"),
        ("STINT_WORKER__ABANDONED_AFTER", "1s", "worker.abandoned_after = `1s`"),
        ("STINT_WORKER__GROUP", "10001", "worker.group = `10001`"),
        ("STINT_WORKER__GROUP", "0", "worker.group = `0`"),
        ("STINT_WORKER__IN_SERVE", "maybe", "worker.in_serve = `maybe`"),
        ("STINT_CAPTURE__WHEN_QUEUE_IS_DOWN", "panic", "capture.when_queue_is_down = `panic`"),
    ] {
        let message = refusal(&[URL, (name, value)]);
        assert!(message.starts_with(&format!("bad setting {refused} in ")), "{message}");
    }
}

#[test]
fn the_worker_is_in_the_service_where_the_queue_is_a_file() {
    let in_serve = |variables: &[(&str, &str)]| {
        let (_dir, surroundings) = surroundings(variables);
        Configuration::load(&surroundings).unwrap().works_in_serve()
    };
    let postgres = ("STINT_DATABASE_URL", "postgres:///stint");
    assert!(in_serve(&[URL]));
    assert!(!in_serve(&[URL, ("STINT_REDIS_URL", "redis://localhost")]));
    assert!(!in_serve(&[postgres]));
    assert!(in_serve(&[postgres, ("STINT_WORKER__IN_SERVE", "true")]));
    assert!(!in_serve(&[URL, ("STINT_WORKER__IN_SERVE", "false")]));
    // In development people start one process, even with Redis beside it.
    let development = ("STINT_ENV", "development");
    assert!(in_serve(&[development, postgres, ("STINT_REDIS_URL", "redis://localhost")]));
    assert!(!in_serve(&[development, postgres, ("STINT_WORKER__IN_SERVE", "false")]));
}

#[test]
fn whether_the_service_works_is_a_boolean_or_a_word() {
    let load = |value: &str| {
        let (dir, mut surroundings) = surroundings(&[URL]);
        fs::write(dir.path().join("stint.toml"), format!("[worker]\nin_serve = {value}")).unwrap();
        surroundings.variables.push(("STINT_CONFIG".into(), "stint.toml".into()));
        Configuration::load(&surroundings).map(|configuration| configuration.works_in_serve())
    };
    for (value, works) in [("true", true), ("false", false), ("'true'", true), ("'false'", false), ("'auto'", true)] {
        assert_eq!(load(value).unwrap(), works, "{value}");
    }
    for value in ["1", "'yes'", "'True'", "[]"] {
        let message = load(value).unwrap_err().to_string();
        assert!(message.ends_with(": must be `true`, `false` or `auto`"), "{message}");
    }
}
