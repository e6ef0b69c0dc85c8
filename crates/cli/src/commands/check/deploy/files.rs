//! Checks who may read files that hold secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::settings::{Configuration, DatabaseUrl};

pub(super) fn look(configuration: &Configuration) -> Vec<Finding> {
    let database = match &configuration.settings.database.url {
        DatabaseUrl::Sqlite(path) => Some((path.as_path(), "the database")),
        DatabaseUrl::Postgres(_) => None,
    };
    let settings = configuration.files_with_a_password.iter().map(|path| (path.as_path(), "the password"));
    settings.chain(database).filter_map(|(path, what)| readable(path, what)).collect()
}

/// A finding if users other than owner and group may read the file. A missing file is no finding here.
fn readable(path: &Path, what: &str) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let path = path.display();
    (mode & 0o007 != 0).then(|| {
        Finding::serious(
            format!("{what} in {path} may be read by every user of this machine"),
            format!("chmod o= {path}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_others_may_read_are_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mode = |mode| fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert_eq!(readable(file.path(), "the database"), None);
        mode(0o644);
        assert!(readable(file.path(), "the database").unwrap().to_string().contains("fix: chmod o= "));
        assert_eq!(readable(Path::new("/absent"), "the database"), None);
    }
}
