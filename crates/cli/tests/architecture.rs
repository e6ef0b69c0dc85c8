//! Rules on dependencies and on where files are, which the compiler does not check. The reasons are in ARCHITECTURE.md.
//! Clippy checks the style within files.

mod circles;
mod documents;
mod edges;
mod layout;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's top level.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file below `folder` with this extension, except what tools leave behind. Fails if there is none, so that no
/// rule passes because no file was found.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in names(&folder).map(|name| folder.join(name)) {
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no .{extension} below {}", folder.display());
    found
}

/// The names in a folder.
fn names(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
}

/// A path as messages show it.
fn said(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Fails with a list of all offenders.
#[track_caller]
fn assert_none(rule: &str, offenders: impl IntoIterator<Item = String>) {
    let offenders: Vec<_> = offenders.into_iter().collect();
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}
