//! Settings from one file each, such as systemd's `LoadCredential=` or Compose's `secrets` pass to a single service.
//! The file's name is the setting's name, its text the value.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::error::SettingsError;
use super::key::Key;
use super::layer::Layer;

/// The variable that names the folder.
pub(super) const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// One layer for each file, in the order of their names. Folders and names that begin with a dot are skipped, because
/// Kubernetes uses them for itself.
pub(super) fn layers(directory: &Path) -> Result<Vec<Layer>, SettingsError> {
    let failed = |source| SettingsError::NoCredentials { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort_unstable();
    files.iter().map(|path| of_file(path)).collect()
}

fn of_file(path: &Path) -> Result<Layer, SettingsError> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let Some(key) = Key::find(name) else {
        return Err(SettingsError::UnknownCredential(path.to_owned()));
    };
    let value =
        fs::read_to_string(path).map_err(|source| SettingsError::NoCredentials { path: path.to_owned(), source })?;
    let value = value.strip_suffix('\n').unwrap_or(&value).to_owned();
    Ok(Layer::of_key(format!("credential {name}"), key.path, value).read_from(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::settings::{Configuration, Surroundings};

    const PASSWORD: &str = "postgres://u:hunter2@db/stint";

    /// A folder of credentials, and the settings read with it and these variables.
    fn loaded(
        credentials: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> (TempDir, Result<Configuration, SettingsError>) {
        let dir = TempDir::new().unwrap();
        for (name, text) in credentials {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let configuration = load(dir.path(), variables);
        (dir, configuration)
    }

    fn load(dir: &Path, variables: &[(&str, &str)]) -> Result<Configuration, SettingsError> {
        let mut variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        variables.push((DIRECTORY.into(), dir.into()));
        Configuration::load(&Surroundings { variables, ..Surroundings::default() })
    }

    fn in_force(configuration: &Configuration, path: &str) -> (String, String) {
        let found = configuration.in_force().find(|setting| setting.key.path == path).unwrap();
        (found.value, found.source)
    }

    #[test]
    fn a_credential_is_a_setting_shown_masked_and_by_its_name() {
        let (_dir, configuration) =
            loaded(&[("database.url", &format!("{PASSWORD}\n")), ("redis.url", "redis://:hunter2@queue")], &[]);
        let configuration = configuration.unwrap();
        assert_eq!(
            in_force(&configuration, "database.url"),
            ("postgres://u:***@db/stint".to_owned(), "credential database.url".to_owned())
        );
        assert_eq!(in_force(&configuration, "redis.url").0, "redis://:***@queue");
        let crate::settings::DatabaseUrl::Postgres(url) = &configuration.settings.database.url else { panic!() };
        assert_eq!(url.expose(), PASSWORD);
    }

    #[test]
    fn it_wins_over_the_file_and_loses_to_variables() {
        let dir = TempDir::new().unwrap();
        let config = dir.path().join(".stint.toml");
        fs::write(&config, "[database]\nurl = 'sqlite://file.db'\npool_size = 3").unwrap();
        fs::write(dir.path().join("database.url"), "sqlite://credential.db").unwrap();
        let config = ("STINT_CONFIG", config.to_str().unwrap());
        let configuration = load(dir.path(), &[config]).unwrap();
        assert_eq!(in_force(&configuration, "database.url").0, "sqlite://credential.db");
        assert_eq!(configuration.settings.database.pool_size, 3);
        let configuration = load(dir.path(), &[config, ("STINT_DATABASE_URL", "sqlite://variable.db")]).unwrap();
        assert_eq!(in_force(&configuration, "database.url").0, "sqlite://variable.db");
    }

    #[test]
    fn only_one_newline_is_dropped() {
        let refused = loaded(&[("database.url", PASSWORD), ("log.format", "json\n\n")], &[]).1.unwrap_err().to_string();
        assert!(refused.starts_with("bad setting log.format = `json\n` in credential log.format: "), "{refused}");
    }

    #[test]
    fn an_unknown_name_stops_the_start_and_is_named() {
        for name in ["database.ulr", "database", "database.url.bak", "grafana_password"] {
            let (dir, configuration) = loaded(&[("database.url", PASSWORD), (name, "hunter2")], &[]);
            let refused = configuration.unwrap_err().to_string();
            let path = dir.path().join(name);
            assert!(refused.starts_with(&format!("the credential {} is not a setting", path.display())), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn a_folder_as_kubernetes_fills_it_is_read() {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("..2026_11_21")).unwrap();
        fs::create_dir(dir.path().join("folder")).unwrap();
        fs::write(dir.path().join("..2026_11_21/database.url"), "sqlite://stint.db").unwrap();
        symlink("..2026_11_21", dir.path().join("..data")).unwrap();
        symlink("..data/database.url", dir.path().join("database.url")).unwrap();
        fs::write(dir.path().join(".hidden"), "x").unwrap();
        let configuration = load(dir.path(), &[]).unwrap();
        assert_eq!(in_force(&configuration, "database.url").1, "credential database.url");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let dir = TempDir::new().unwrap();
        let refused = |dir: &Path| load(dir, &[]).unwrap_err().to_string();
        let unreadable =
            |path: &Path| format!("cannot read the credentials in {} (CREDENTIALS_DIRECTORY)", path.display());
        let absent = dir.path().join("absent");
        assert_eq!(refused(&absent), unreadable(&absent));

        let file = dir.path().join("database.url");
        fs::write(&file, b"postgres://u:\xff@db/stint").unwrap();
        assert_eq!(refused(dir.path()), unreadable(&file));
        fs::remove_file(&file).unwrap();
        symlink("nowhere", &file).unwrap();
        assert_eq!(refused(dir.path()), unreadable(&file));

        fs::remove_file(&file).unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"database.\xff")), "x").unwrap();
        assert!(refused(dir.path()).starts_with("the credential "));
        // An empty variable names no folder.
        assert!(load(Path::new(""), &[("STINT_DATABASE_URL", "sqlite://stint.db")]).is_ok());
    }

    #[test]
    fn files_that_hold_a_password_are_known() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("database.url"), "postgres:///stint?password=hunter2").unwrap();
        fs::write(dir.path().join("redis.url"), "redis://queue").unwrap();
        let covered = dir.path().join(".covered.toml");
        fs::write(&covered, "[redis]\nurl = 'redis://:hunter2@queue'").unwrap();
        let configuration = load(dir.path(), &[("STINT_CONFIG", covered.to_str().unwrap())]).unwrap();
        assert_eq!(configuration.files_with_a_password, [covered, dir.path().join("database.url")]);
    }
}
