//! Links in documents lead to files and headings that exist.

use std::fs;
use std::path::PathBuf;

use super::{assert_none, files, root, said};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut offenders = Vec::new();
    for document in files(&root(), "md") {
        for target in links(&fs::read_to_string(&document).unwrap()) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let aim = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            if !aim.exists() || !has_heading(&aim, heading) {
                offenders.push(format!("{}: {target}", said(&document)));
            }
        }
    }
    assert_none("broken links", offenders);
}

/// The targets of `[text](target)` within the repository. Code blocks are left out, because brackets there are not
/// links.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let ends = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    ends.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).map(str::to_owned).collect()
}

/// Whether the document has a heading with this anchor, as Markdown hosts make anchors.
fn has_heading(document: &PathBuf, anchor: &str) -> bool {
    let slug = |heading: &str| -> String {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let is_it = |line: &str| line.starts_with('#') && slug(line.trim_start_matches('#')) == anchor;
    anchor.is_empty() || fs::read_to_string(document).unwrap().lines().any(is_it)
}

#[test]
fn only_relative_links_in_prose_are_looked_at() {
    let text = "[a](b.md) and [c](https://d) ```[no](no.md)``` [e](../f.md#g)";
    assert_eq!(links(text), ["b.md", "../f.md#g"]);
}
