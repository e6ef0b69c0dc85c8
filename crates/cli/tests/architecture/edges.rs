//! Which crate may depend on which.

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::{assert_none, root};

/// Each of our crates: what it may depend on, and what its tests may use as well.
const ALLOWED: [(&str, &[&str], &[&str]); 6] = [
    ("stint-domain", &[], &[]),
    ("stint-conformance", &["stint-domain"], &[]),
    ("stint-adapters", &["stint-domain"], &["stint-conformance"]),
    ("stint-web", &["stint-domain"], &[]),
    ("stint-worker", &["stint-domain"], &[]),
    ("stint-cli", &["stint-adapters", "stint-domain", "stint-web", "stint-worker"], &[]),
];

/// The outside dependencies that the domain may have; `mockall` only behind its feature.
const OUTSIDE_OF_DOMAIN: [&str; 8] =
    ["async-trait", "chrono", "chrono-tz", "mockall", "subtle", "thiserror", "unicode-normalization", "uuid"];

/// What a crate must not depend on, directly or indirectly.
const UNREACHABLE: [(&str, &[&str]); 4] = [
    ("stint-domain", &["actix-web", "diesel", "serde", "tokio"]),
    ("stint-web", &["diesel", "diesel-async", "libsqlite3-sys", "r2d2", "redis"]),
    ("stint-worker", &["actix-web", "diesel", "redis"]),
    ("stint-adapters", &["actix-web", "utoipa"]),
];

/// The output of `cargo metadata`. Only for this machine, because packages for other systems were never downloaded.
fn metadata() -> Metadata {
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("-vV").output().unwrap();
    let about = String::from_utf8(rustc.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let options = ["--locked", "--offline", "--filter-platform", host].map(str::to_owned);
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).other_options(options).exec().unwrap()
}

fn package<'a>(metadata: &'a Metadata, name: &str) -> &'a Package {
    let mut members = metadata.workspace_packages().into_iter();
    members.find(|package| *package.name == name).unwrap_or_else(|| panic!("there is no crate {name}"))
}

#[test]
fn our_crates_depend_on_each_other_only_as_allowed() {
    let metadata = metadata();
    let mut offenders = Vec::new();
    for package in metadata.workspace_packages() {
        let Some((_, normal, dev)) = ALLOWED.into_iter().find(|(name, ..)| *package.name == *name) else {
            offenders.push(format!("{} is not in the table", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.name.starts_with("stint-")) {
            let name = dependency.name.as_str();
            let for_tests = dependency.kind == DependencyKind::Development && dev.contains(&name);
            if !normal.contains(&name) && !for_tests {
                offenders.push(format!("{} -> {name} ({})", package.name, dependency.kind));
            }
        }
    }
    assert_none("edges that are not allowed", offenders);
}

#[test]
fn the_domain_takes_little_from_outside() {
    let metadata = metadata();
    let dependencies = package(&metadata, "stint-domain").dependencies.iter();
    let normal = dependencies.filter(|dependency| dependency.kind != DependencyKind::Development);
    let names: BTreeSet<_> = normal.clone().map(|dependency| dependency.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(OUTSIDE_OF_DOMAIN));
    let optional: Vec<_> = normal.filter(|dependency| dependency.optional).map(|one| one.name.as_str()).collect();
    assert_eq!(optional, ["mockall"]);
}

#[test]
fn no_layer_reaches_what_belongs_to_another() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: HashMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut offenders = Vec::new();
    for (name, unreachable) in UNREACHABLE {
        let (mut reached, mut next) = (BTreeSet::new(), vec![&package(&metadata, name).id]);
        while let Some(id) = next.pop() {
            if reached.insert(id) {
                let dependencies = nodes[id].deps.iter();
                let linked =
                    dependencies.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
                next.extend(linked.map(|dependency| &dependency.pkg));
            }
        }
        let reached = reached.into_iter().map(|id| metadata[id].name.as_str());
        offenders.extend(reached.filter(|found| unreachable.contains(found)).map(|found| format!("{name} -> {found}")));
    }
    assert_none("reachable, but not to be", offenders);
}
