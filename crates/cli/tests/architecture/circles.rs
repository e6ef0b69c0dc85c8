//! No two files of the adapters use each other, directly or indirectly: each can be read after the files that it builds
//! on.
//!
//! A file uses the file that defines an item, even if another file re-exports it with `pub use`. A module that only
//! re-exports items of its children does not use them. Unit tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{assert_none, files, root};

/// A module's path within its crate, or an item's.
type Name = Vec<String>;

/// The files that each file uses.
type AllUses<'a> = BTreeMap<&'a Name, Vec<Use>>;

/// A path that a file imports or writes out.
#[derive(Debug, PartialEq)]
struct Use {
    target: Name,
    alias: String,
    /// Whether other files may import it from here.
    is_handed_on: bool,
}

#[test]
fn no_file_of_the_adapters_uses_one_that_uses_it() {
    let source = root().join("crates/adapters/src");
    let modules: BTreeMap<Name, String> = files(&source, "rs")
        .into_iter()
        .filter(|path| !path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests")))
        .map(|path| (module(path.strip_prefix(&source).unwrap()), fs::read_to_string(path).unwrap()))
        .collect();
    assert_none("files that use each other", circles(&modules));
}

/// The module of a file.
fn module(path: &Path) -> Name {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names.filter(|name| name != "lib").collect()
}

/// Each circle, as the names of its files.
fn circles(modules: &BTreeMap<Name, String>) -> Vec<String> {
    let all: AllUses<'_> = modules.iter().map(|(at, text)| (at, uses(at, text, modules))).collect();
    let edges: BTreeMap<&Name, BTreeSet<&Name>> = all
        .iter()
        .map(|(at, uses)| {
            let own = uses.iter().filter(|each| !each.is_handed_on);
            (*at, own.filter_map(|each| definer(&each.target, &all)).filter(|file| file != at).collect())
        })
        .collect();
    let reached: BTreeMap<&Name, BTreeSet<&Name>> = modules.keys().map(|at| (at, reached(at, &edges))).collect();
    let circles: BTreeSet<Vec<&Name>> = modules
        .keys()
        .filter(|at| reached[at].contains(at))
        .map(|at| reached[at].iter().copied().filter(|other| reached[other].contains(at)).collect())
        .collect();
    let said = |name: &&Name| if name.is_empty() { "lib".to_owned() } else { name.join("::") };
    circles.iter().map(|circle| circle.iter().map(said).collect::<Vec<_>>().join(", ")).collect()
}

/// Every file that a file uses, directly or indirectly.
fn reached<'a>(from: &'a Name, edges: &BTreeMap<&Name, BTreeSet<&'a Name>>) -> BTreeSet<&'a Name> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        next.extend(edges[at].iter().copied().filter(|file| reached.insert(*file)));
    }
    reached
}

/// The file that defines an item.
fn definer<'a>(target: &[String], all: &AllUses<'a>) -> Option<&'a Name> {
    let mut target = target.to_vec();
    // No chain of re-exports is longer than this.
    for _ in 0..10 {
        let length = (0..=target.len()).rev().find(|length| all.contains_key(&target[..*length].to_vec()))?;
        let (file, uses) = all.get_key_value(&target[..length].to_vec())?;
        let handed_on = uses.iter().find(|each| each.is_handed_on && Some(&each.alias) == target.get(length));
        let Some(handed_on) = handed_on else { return Some(file) };
        target.splice(..=length, handed_on.target.iter().cloned());
    }
    None
}

/// The paths of its own crate that a file uses.
fn uses(at: &Name, text: &str, modules: &BTreeMap<Name, String>) -> Vec<Use> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut lines = code.into_iter();
    while let Some(line) = lines.next() {
        let Some((before, tree)) = line.split_once("use ").filter(|(before, _)| is_visibility(before)) else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.ends_with(';') {
            tree.push_str(lines.next().expect("a use ends").trim());
        }
        let is_handed_on = !before.trim().is_empty();
        for (path, alias) in leaves(tree.trim_end_matches(';')) {
            found.extend(absolute(at, &path, modules).map(|target| Use { target, alias, is_handed_on }));
        }
    }
    for path in rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|path| path.contains("::"))
    {
        let path: Name = path.trim_matches(':').split("::").map(str::to_owned).collect();
        let target = absolute(at, &path, modules);
        found.extend(target.map(|target| Use { target, alias: String::new(), is_handed_on: false }));
    }
    found
}

fn is_visibility(before: &str) -> bool {
    let before = before.trim();
    before.is_empty() || before == "pub" || before.starts_with("pub(") && before.ends_with(')')
}

/// The paths in a `use` tree, and the names that they get.
fn leaves(tree: &str) -> Vec<(Name, String)> {
    let tree = tree.trim();
    let Some((prefix, inner)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, tree.rsplit("::").next().unwrap_or_default()));
        return vec![(path.split("::").map(str::to_owned).collect(), alias.to_owned())];
    };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in inner.strip_suffix('}').unwrap_or(inner).chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 { parts.push(String::new()) } else { parts.last_mut().unwrap().push(c) }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| leaves(&format!("{prefix}{}", part.trim().trim_start_matches("self")))).collect()
}

/// The path from the crate's root; `None` if it leads out of the crate.
fn absolute(at: &Name, path: &[String], modules: &BTreeMap<Name, String>) -> Option<Name> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (&at[..0], &path[1..]),
        "self" => (&at[..], &path[1..]),
        "super" => (&at[..at.len().checked_sub(supers)?], &path[supers..]),
        child => {
            let child = [at, &[child.to_owned()][..]].concat();
            (modules.contains_key(&child) && path.len() > 1).then_some((&at[..], path))?
        }
    };
    Some([base, rest].concat())
}

#[test]
fn a_circle_is_seen_through_what_hands_things_on() {
    let modules = |files: &[(&str, &str)]| -> BTreeMap<Name, String> {
        files.iter().map(|(path, text)| (module(Path::new(path)), (*text).to_owned())).collect()
    };
    let good = modules(&[
        ("lib.rs", "mod a;\nmod b;\n"),
        ("a.rs", "mod c;\npub(crate) use self::c::{Thing, Other as Else};\n"),
        ("a/c.rs", "use super::super::b;\n// crate::a::Thing\nfn f() { b::g() }\n"),
        ("b.rs", "pub fn g() {}\n#[cfg(test)]\nmod tests {\n use crate::a::Thing;\n}\n"),
    ]);
    assert_eq!(circles(&good), [""; 0]);
    for bad in ["use crate::a::Thing;\n", "use crate::{\n    a::{Thing},\n};\n", "fn g() -> crate::a::Else {}\n"] {
        let mut modules = good.clone();
        modules.insert(module(Path::new("b.rs")), bad.to_owned());
        assert_eq!(circles(&modules), ["a::c, b"], "{bad}");
    }
}
