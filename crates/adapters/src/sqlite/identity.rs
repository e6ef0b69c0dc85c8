//! Whether the open files are still the ones at their paths.
//!
//! A file that is removed, renamed or replaced while a process has it open stays open: writes succeed, and are lost
//! when the process ends. So the device and inode of each opened file are remembered, and compared before and after
//! each write. That takes some microseconds, little beside a commit that waits for the disk.
//!
//! Another file at the path is not opened instead. Only a person can tell whether it is the ledger, and confirms it
//! by a restart.

use std::io;

use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;

use super::error::BACKEND;

/// The database file, its write-ahead log and the index of the log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct Identity {
    files: [(String, Option<Id>); 3],
}

/// A device and a file on it.
type Id = (u64, u64);

#[derive(Debug, Error)]
enum Changed {
    #[error("the file {0} is gone: it was removed or renamed below this process; put it back, or restart")]
    Gone(String),
    #[error(
        "the file {0} is another one: it was replaced below this process; put it back, or restart to use the new one"
    )]
    Replaced(String),
    #[error("cannot look for the file {path}")]
    Unknown {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl Identity {
    /// The identity of the files at `path`, which are open.
    pub(super) fn of(path: &str) -> Self {
        let files = ["", "-wal", "-shm"].map(|suffix| {
            let path = format!("{path}{suffix}");
            let id = id_of(&path).ok();
            (path, id)
        });
        Self { files }
    }

    /// Fails when a file is gone or replaced.
    pub(super) fn check(&self) -> Result<(), BackendError> {
        for (path, opened) in &self.files {
            let Some(opened) = opened else { continue };
            let changed = match id_of(path) {
                Ok(found) if found == *opened => continue,
                Ok(_) => Changed::Replaced(path.clone()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Changed::Gone(path.clone()),
                Err(source) => Changed::Unknown { path: path.clone(), source },
            };
            return Err(BackendError::new(BACKEND, BackendErrorKind::Unavailable, changed));
        }
        Ok(())
    }

    /// Like [`Self::check`], after a write: if this fails, it is not known where the write went.
    pub(super) fn check_after_write(&self) -> Result<(), BackendError> {
        self.check().map_err(|error| BackendError { kind: BackendErrorKind::Timeout, ..error })
    }
}

#[cfg(unix)]
fn id_of(path: &str) -> io::Result<Id> {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// On systems where open files cannot be removed.
#[cfg(not(unix))]
fn id_of(path: &str) -> io::Result<Id> {
    std::fs::metadata(path).map(|_| (0, 0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_removed_or_replaced_is_named_and_one_that_comes_back_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for suffix in ["", "-wal", "-shm"] {
            fs::write(path(&format!("stint.db{suffix}")), "").unwrap();
        }
        let identity = Identity::of(path("stint.db").to_str().unwrap());
        identity.check().unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = path(&format!("stint.db{suffix}"));
            fs::rename(&file, path("aside")).unwrap();
            let gone = identity.check().unwrap_err();
            assert!(gone.source.to_string().starts_with(&format!("the file {} is gone", file.display())), "{gone:?}");
            fs::write(&file, "").unwrap();
            let replaced = identity.check_after_write().unwrap_err();
            assert!(replaced.source.to_string().contains("is another one"), "{replaced:?}");
            assert_eq!(replaced.kind, BackendErrorKind::Timeout);
            fs::rename(path("aside"), &file).unwrap();
            identity.check().unwrap();
        }
    }
}
