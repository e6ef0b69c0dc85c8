//! libpq's service file: named groups of options, for those who keep addresses in one place.
//!
//! Lines that look services up in LDAP are deliberately not understood.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::NotUnderstood;

/// Where the system's service file is if `PGSYSCONFDIR` does not say it: Debian's folder, then libpq's own.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/usr/local/pgsql/etc"];

/// The options of a service, from the first file that has it.
pub(super) fn pairs(service: &str, environment: &Environment) -> Result<Vec<(String, String)>, NotUnderstood> {
    let named = environment.variable("PGSERVICEFILE").map(PathBuf::from);
    let own = named.clone().or_else(|| environment.at_home(".pg_service.conf"));
    let system = environment
        .variable("PGSYSCONFDIR")
        .map_or_else(|| SYSTEM.map(PathBuf::from).into(), |folder| vec![PathBuf::from(folder)]);
    for file in own.into_iter().chain(system.into_iter().map(|folder| folder.join("pg_service.conf"))) {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(_) if !file.exists() && named.as_ref() != Some(&file) => continue,
            Err(error) => {
                return Err(NotUnderstood::ServiceFile { file: file.display().to_string(), why: error.to_string() });
            }
        };
        if let Some(pairs) = group(&text, service, &file)? {
            return Ok(pairs);
        }
    }
    Err(NotUnderstood::NoService { service: service.to_owned() })
}

/// The first group of this name. The first value of a name wins, so later ones are left out.
fn group(text: &str, service: &str, file: &Path) -> Result<Option<Vec<(String, String)>>, NotUnderstood> {
    let mut pairs: Option<Vec<(String, String)>> = None;
    for (at, line) in text.lines().map(str::trim).enumerate() {
        let wrong = |what| NotUnderstood::ServiceLine { file: file.display().to_string(), line: at + 1, what };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if pairs.is_some() {
                break;
            }
            if name.strip_prefix(service).is_some_and(|after| after.starts_with(']')) {
                pairs = Some(Vec::new());
            }
        } else if let Some(pairs) = &mut pairs {
            let (name, value) = line.split_once('=').ok_or_else(|| wrong("this is not name=value"))?;
            if name == "service" {
                return Err(wrong("a service cannot name another"));
            }
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, service: &str) -> Result<Option<Vec<(String, String)>>, NotUnderstood> {
        group(text, service, Path::new("file"))
    }

    #[test]
    fn a_group_ends_where_the_next_begins() {
        let text =
            "ignored\n[other]\nhost=no\n# a comment\n  [prod] \n host=db.example \n\noptions=-c a=b\n[prod]\nport=1\n";
        let expected = [("host", "db.example"), ("options", "-c a=b")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(of(text, "prod"), Ok(Some(expected.into())));
        assert_eq!(of(text, "pro"), Ok(None));
        assert_eq!(of(text, "empty"), Ok(None));
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let error = of("[a]\nhost=h\nhunter2\n", "a").unwrap_err().to_string();
        assert_eq!(error, "service file file, line 3: this is not name=value");
        assert!(of("[a]\nservice=b\n", "a").is_err());
        assert_eq!(of("[b]\nhunter2\n", "a"), Ok(None));
    }

    #[test]
    fn the_users_file_comes_before_the_systems_and_a_named_file_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let (home, system) = (folder.path().join("home"), folder.path().join("system"));
        for (folder, file, text) in [
            (&home, ".pg_service.conf", "[both]\nhost=home\n"),
            (&system, "pg_service.conf", "[both]\nhost=system\n[one]\nhost=system\n"),
        ] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join(file), text).unwrap();
        }
        let variables = [("PGSYSCONFDIR", system.to_str().unwrap())];
        let environment = Environment::of(&variables, Some(&home));
        let host = |service| pairs(service, &environment).map(|pairs| pairs[0].1.clone());
        assert_eq!((host("both"), host("one")), (Ok("home".to_owned()), Ok("system".to_owned())));
        assert!(matches!(host("none"), Err(NotUnderstood::NoService { .. })));
        let missing = Environment::of(&[("PGSERVICEFILE", "/nowhere/services"), variables[0]], None);
        assert!(matches!(pairs("one", &missing), Err(NotUnderstood::ServiceFile { .. })));
    }
}
