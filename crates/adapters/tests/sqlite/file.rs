//! The path of the file, and the errors when the file cannot be there.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use stint_adapters::sqlite::Sqlite;
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::JobRepository;

use super::job;

use crate::given;

/// The kind and all messages of the error from opening `path`.
fn refusal(path: &Path) -> (BackendErrorKind, String) {
    let error = Sqlite::open(&given::sqlite(path)).map(|_| ()).unwrap_err();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    (error.kind, text)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_file_its_log_and_its_folder_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/there/stint.db");
    let sqlite = Sqlite::open(&given::sqlite(&path)).unwrap();
    sqlite.migrator().up().await.unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(Path::new(&format!("{}{suffix}", path.display()))), 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn a_file_that_is_there_keeps_its_mode_and_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let settings = super::settings(&folder);
    let sqlite = Sqlite::open(&settings).unwrap();
    sqlite.migrator().up().await.unwrap();
    let job = sqlite.create(job(1)).await.unwrap().outcome;
    drop(sqlite);
    fs::set_permissions(&settings.path, fs::Permissions::from_mode(0o640)).unwrap();
    let sqlite = Sqlite::open(&settings).unwrap();
    assert_eq!(JobRepository::find(&sqlite, job.id).await.unwrap(), Some(job));
    assert_eq!(mode(&settings.path), 0o640);
}

/// SQLite would read the first as a URL with parameters, and the second as a file name that ends early.
#[test]
fn odd_characters_in_a_path_are_part_of_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file:stint.db?mode=ro", "a % b#c?d.db", "päckchen.db"] {
        let path = folder.path().join(name);
        Sqlite::open(&given::sqlite(&path)).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
}

#[test]
fn a_path_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    for bad in [folder.path(), &path.join("below/stint.db")] {
        let (kind, text) = refusal(bad);
        assert_eq!(kind, BackendErrorKind::Unavailable, "{text}");
        assert!(text.contains(bad.to_str().unwrap()), "{text}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content) = (folder.path().join("letter.txt"), "Dear Ada, ".repeat(200));
    fs::write(&path, &content).unwrap();
    let (kind, text) = refusal(&path);
    assert_eq!(kind, BackendErrorKind::Corrupt, "{text}");
    assert!(text.contains("letter.txt") && text.ends_with("file is not a database"), "{text}");
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

#[test]
fn memory_and_nothing_are_no_paths() {
    for bad in [":memory:", ""] {
        let (kind, text) = refusal(Path::new(bad));
        assert_eq!(kind, BackendErrorKind::Unavailable);
        assert_eq!(text, format!("sqlite: unavailable: `{bad}` is not the path of a file"));
    }
}
