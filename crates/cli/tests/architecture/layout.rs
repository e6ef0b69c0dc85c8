//! Where files are.

use std::collections::BTreeSet;
use std::fs;

use super::{assert_none, files, names, root, said};

/// The most lines of a file, without its unit tests. Files above 400 should be split.
const MOST_LINES: usize = 500;

/// The features: each crate has a folder for each of them.
const FEATURES: [&str; 6] = ["access", "background", "capture", "ledger", "people", "timers"];

/// Ports that store nothing, so no backend has a file for them.
const NOT_STORAGE: [&str; 3] = ["access/secrets.rs", "people/identity_provider.rs", "people/passwords.rs"];

/// Ports outside the features that each backend has.
const SHARED: [&str; 1] = ["health.rs"];

/// The entries of the top level, besides the dotfiles of tools. Everything else is below one of these.
const TOP_LEVEL: [&str; 16] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "infra",
    "migrations",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

/// Entries that git ignores there.
const IGNORED: [&str; 2] = ["local.toml", "target"];

#[test]
fn a_module_with_children_is_a_file_beside_its_folder() {
    let offenders = files(&root().join("crates"), "rs").into_iter().filter(|path| path.ends_with("mod.rs"));
    assert_none("`foo.rs` and `foo/` instead of", offenders.map(|path| said(&path)));
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = |path: &std::path::PathBuf| !fs::read_to_string(path).unwrap().starts_with("//! ");
    let offenders = files(&root().join("crates"), "rs").into_iter().filter(silent);
    assert_none("files that do not start with `//!`", offenders.map(|path| said(&path)));
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let mut offenders = Vec::new();
    for path in files(&root().join("crates"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        if lines > MOST_LINES {
            offenders.push(format!("{}: {lines}", said(&path)));
        }
    }
    assert_none(&format!("files of more than {MOST_LINES} lines before their tests"), offenders);
}

#[test]
fn whatever_keeps_a_port_has_its_file_name() {
    let crates = root().join("crates");
    let homes = ["adapters/src/memory", "adapters/src/postgres", "adapters/src/sqlite", "conformance/src"]
        .map(|home| crates.join(home));
    let of = |feature: &str| -> Vec<String> {
        let ports = names(&crates.join("domain/src").join(feature).join("ports"));
        ports.map(|port| format!("{feature}/{port}")).collect()
    };
    let ports = FEATURES.iter().flat_map(|feature| of(feature)).chain(SHARED.map(str::to_owned));
    let stored = ports.filter(|port| !NOT_STORAGE.contains(&port.as_str()));
    let places = stored.flat_map(|port| homes.clone().map(|home| home.join(&port)));
    assert_none("missing", places.filter(|place| !place.is_file()).map(|place| said(&place)));
}

#[test]
fn rooms_are_features_and_no_port_stands_beside_its_feature() {
    let crates = root().join("crates");
    let ports: BTreeSet<String> =
        FEATURES.iter().flat_map(|feature| names(&crates.join("domain/src").join(feature).join("ports"))).collect();
    // Each with the folders that it has besides the features'.
    let homes: [(&str, &[&str]); 6] = [
        ("domain/src", &["values"]),
        ("conformance/src", &[]),
        ("adapters/src/memory", &[]),
        ("adapters/src/postgres", &["connecting"]),
        ("adapters/src/sqlite", &[]),
        ("web/src/api", &["forms", "health", "reference"]),
    ];
    for (home, others) in homes {
        let home = crates.join(home);
        let astray = names(&home).filter(|name| {
            let is_folder = home.join(name).is_dir();
            let is_known = FEATURES.contains(&name.as_str()) || others.contains(&name.as_str());
            ports.contains(name) || is_folder && !is_known
        });
        assert_none("neither a feature nor in one", astray.map(|name| said(&home.join(name))));
    }
}

#[test]
fn both_dialects_have_the_same_migrations() {
    let of = |dialect: &str| -> BTreeSet<String> { names(&root().join("migrations").join(dialect)).collect() };
    assert!(!of("postgres").is_empty());
    assert_eq!(of("postgres"), of("sqlite"));
}

#[test]
fn the_top_level_holds_what_is_listed_and_no_more() {
    let known =
        |name: &String| name.starts_with('.') || TOP_LEVEL.contains(&name.as_str()) || IGNORED.contains(&name.as_str());
    assert_none("not at home at the top level", names(&root()).filter(|name| !known(name)));
}
