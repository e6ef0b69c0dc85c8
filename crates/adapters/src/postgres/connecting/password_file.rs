//! libpq's password file (`~/.pgpass`): lines of `host:port:database:user:password`, the first that matches wins.
//!
//! A file that others may read is ignored with a warning, as libpq does, and so is one that cannot be read.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Whose password is looked up.
pub(super) struct Login {
    /// The host's name as it is in the text. `localhost` for the default socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
}

/// The password in this file. A file that does not exist has none.
pub(super) fn password(file: &Path, login: &Login) -> Option<String> {
    match read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(text) => find(&text, login),
        Err(why) => {
            tracing::warn!(file = %file.display(), "the password file is ignored: {why}");
            None
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    // Opening a pipe would wait for somebody who writes to it.
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut opened = File::open(file)?;
    let mode = opened.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let why = format!("others than its owner may use it; its mode is {mode:04o} and should be 0600");
        return Err(io::Error::other(why));
    }
    let mut text = String::new();
    opened.read_to_string(&mut text)?;
    Ok(text)
}

fn find(text: &str, login: &Login) -> Option<String> {
    let port = login.port.to_string();
    let wanted = [&login.host, &port, &login.database, &login.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line.trim_end_matches('\r');
        for value in wanted {
            let (field, after) = field(rest);
            if field != *value && !rest.starts_with("*:") {
                return None;
            }
            rest = after?;
        }
        Some(field(rest).0)
    })
}

/// The first field without its backslashes, and what follows its `:`.
fn field(text: &str) -> (String, Option<&str>) {
    let (mut field, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        match c {
            ':' => return (field, Some(rest.as_str())),
            '\\' => field.push(rest.next().unwrap_or('\\')),
            c => field.push(c),
        }
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(host: &str, user: &str) -> Login {
        Login { host: host.to_owned(), port: 5432, database: "stint".to_owned(), user: user.to_owned() }
    }

    fn found(text: &str) -> Option<String> {
        find(text, &login("db", "me"))
    }

    #[test]
    fn the_first_line_that_matches_wins() {
        let text = "# db:5432:stint:me:comment\nother:5432:stint:me:no\ndb:5433:stint:me:no\ndb:5432:x:me:no\n\
                    db:5432:stint:you:no\n*:5432:*:me:first\ndb:5432:stint:me:second\n";
        assert_eq!(found(text).as_deref(), Some("first"));
        assert_eq!(found("db:*:stint:me:yes\r\n").as_deref(), Some("yes"));
        assert_eq!(found("*:*:*:*:yes").as_deref(), Some("yes"));
        assert_eq!(found("db:5432:stint:me"), None);
        assert_eq!(found("db:5432:stint:me:").as_deref(), Some(""));
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_backslash_takes_the_meaning_of_what_follows() {
        let v6 = login("::1", r"a\b");
        assert_eq!(find(r"\:\:1:5432:stint:a\\b:p\:w\\\d", &v6).as_deref(), Some(r"p:w\d"));
        assert_eq!(found("db:5432:stint:me:pass:a comment").as_deref(), Some("pass"));
        // A star among others is no wildcard, and neither is one with a backslash.
        assert_eq!(found("d*:5432:stint:me:no"), None);
        assert_eq!(found("\\*:5432:stint:me:no"), None);
        assert_eq!(found("db:5432:stint:me:end\\").as_deref(), Some("end\\"));
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let (file, login) = (folder.path().join("pgpass"), login("db", "me"));
        assert_eq!(password(&file, &login), None);
        std::fs::write(&file, "*:*:*:*:secret\n").unwrap();
        for (mode, expected) in [(0o600, Some("secret")), (0o640, None), (0o604, None), (0o400, Some("secret"))] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(password(&file, &login).as_deref(), expected, "{mode:o}");
        }
        assert_eq!(password(folder.path(), &login), None);
    }
}
