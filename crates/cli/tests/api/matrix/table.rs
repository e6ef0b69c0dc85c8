//! The tables of docs/people.md.

use std::fs;
use std::sync::Mutex;

use crate::api::operations::Operation;

/// What callers get, by operation.
pub(super) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<(Operation, Vec<String>)>,
}

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Table {
    pub(super) fn new(heads: Vec<&'static str>) -> Self {
        Self { heads, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, operation: &Operation, cells: Vec<String>) {
        assert_eq!(cells.len(), self.heads.len());
        self.rows.push((operation.clone(), cells));
    }

    /// The cells in the columns with these heads.
    pub(super) fn of(&self, heads: &[&str]) -> Vec<(String, Vec<&String>)> {
        let mut found = Vec::new();
        for (operation, cells) in &self.rows {
            let of_heads = self.heads.iter().zip(cells).filter(|(head, _)| heads.contains(head)).map(|(_, cell)| cell);
            found.push((format!("{} {}", operation.method, operation.route), of_heads.collect()));
        }
        found
    }

    /// One row for the methods of a route that give the same.
    pub(super) fn markdown(&self) -> String {
        let mut lines = vec![
            format!("| | | {} |", self.heads.join(" | ")),
            format!("| --- | --- |{}", " --- |".repeat(self.heads.len())),
        ];
        let mut rest: Vec<_> = self.rows.iter().collect();
        rest.sort_by_key(|(Operation { method, route }, _)| {
            (route.as_str(), METHODS.iter().position(|known| known == method))
        });
        while let Some((Operation { route, .. }, cells)) = rest.first().copied() {
            let (same, others) =
                rest.into_iter().partition::<Vec<_>, _>(|(other, theirs)| (&other.route, theirs) == (route, cells));
            let methods: Vec<_> = same.iter().map(|(operation, _)| operation.method.as_str()).collect();
            lines.push(format!("| {} | `{route}` | {} |", methods.join(", "), cells.join(" | ")));
            rest = others;
        }
        lines.join("\n")
    }
}

/// The tables stand between these lines.
const MARKERS: [&str; 2] =
    ["<!-- The tests make these tables: STINT_TEST_WRITE_DOCS=1 -->\n", "<!-- Here they end. -->\n"];

/// Fails unless the guide has these tables, or writes them there if that is wanted.
pub(super) fn compare_with_guide(tables: &[String]) {
    /// The tests of both databases write the same file.
    static WRITING: Mutex<()> = Mutex::new(());
    const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/people.md");

    let [programs, people, browsers] = tables else { panic!("{} tables", tables.len()) };
    let made = format!(
        "\nPrograms, with a token in `Authorization`:\n\n{programs}\n\nPeople, with a token of their own in `Authorization`:\n\n\
         {people}\n\nBrowsers, on a page of the service:\n\n{browsers}\n\n"
    );
    let _writing = WRITING.lock().unwrap();
    let guide = fs::read_to_string(GUIDE).unwrap();
    let [(before, rest), (_, after)] = MARKERS.map(|marker| guide.split_once(marker).unwrap());
    let kept = rest.split_once(MARKERS[1]).unwrap().0;
    if std::env::var_os("STINT_TEST_WRITE_DOCS").is_some() {
        fs::write(GUIDE, [before, MARKERS[0], &made, MARKERS[1], after].concat()).unwrap();
        return;
    }
    let is_new = |line: &&str| !kept.contains(line);
    let new: Vec<_> = made.lines().filter(is_new).collect();
    assert_eq!(kept, made, "docs/people.md shows something else; STINT_TEST_WRITE_DOCS=1 writes these lines: {new:#?}");
}
