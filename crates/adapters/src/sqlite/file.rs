//! The database file: its path, and its creation.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{self, Path};
use std::sync::{Mutex, PoisonError};

use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;

use super::error::BACKEND;

#[derive(Debug, Error)]
enum FileError {
    #[error("`{0}` is not the path of a file")]
    NoFile(String),
    #[error("the path {0:?} is not UTF-8")]
    NotUtf8(std::ffi::OsString),
    #[error("cannot create the database {path}")]
    Create {
        path: String,
        #[source]
        source: io::Error,
    },
}

/// Creates the file and its parent folders when they are missing, for their owner only, and returns the absolute
/// path. SQLite reads a path that starts with `file:` as a URL; an absolute path never does.
///
/// SQLite could create the file itself, but readable by everyone. It gives the `-wal` and `-shm` files the mode of
/// the file.
pub(super) fn create(path: &Path) -> Result<String, BackendError> {
    let unavailable = |error| BackendError::new(BACKEND, BackendErrorKind::Unavailable, error);
    if path.as_os_str().is_empty() || path == Path::new(":memory:") {
        return Err(unavailable(FileError::NoFile(path.display().to_string())));
    }
    let absolute = path::absolute(path).map_err(|source| unavailable(create_error(path, source)))?;
    create_missing(&absolute).map_err(|source| unavailable(create_error(&absolute, source)))?;
    absolute.into_os_string().into_string().map_err(|path| unavailable(FileError::NotUtf8(path)))
}

fn create_error(path: &Path, source: io::Error) -> FileError {
    FileError::Create { path: path.display().to_string(), source }
}

fn create_missing(path: &Path) -> io::Result<()> {
    // Closing a file releases all POSIX locks that this process has on it, including SQLite's. So nobody in this
    // process opens the file with SQLite while it is open here, and an existing file is not opened here at all.
    static CREATING: Mutex<()> = Mutex::new(());
    let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);

    let (mut folders, mut file) = (DirBuilder::new(), OpenOptions::new());
    folders.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        file.mode(0o600);
    }
    if let Some(folder) = path.parent() {
        folders.create(folder)?;
    }
    match file.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map(drop),
    }
}
