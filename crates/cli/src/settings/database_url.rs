//! The database's URL: which backend it means, and how it is shown without secrets.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::Deserialize;
use thiserror::Error;

use super::postgres_url::{PostgresUrl, PostgresUrlError};

/// Shown in place of a secret.
pub(super) const MASK: &str = "***";
/// Characters that are percent-encoded in the path of a SQLite URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Which database. Shown and debugged without its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum DatabaseUrl {
    Postgres(PostgresUrl),
    Sqlite(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum DatabaseUrlError {
    #[error("must be `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`")]
    Form,
    #[error(
        "a SQLite URL has only a path and no parameters: write `{0}` in a file's name as `%{code:02X}`",
        code = *.0 as u32
    )]
    Parameters(char),
    #[error("a `%` must be followed by two hexadecimal digits; write `%` in a file's name as `%25`")]
    Percent,
    #[error(transparent)]
    Postgres(#[from] PostgresUrlError),
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() && !text.contains('\0') => {
                Ok(Self::Postgres(text.parse()?))
            }
            Some(("sqlite", path)) if !path.is_empty() && !text.contains('\0') => file(path).map(Self::Sqlite),
            _ => Err(DatabaseUrlError::Form),
        }
    }
}

/// The file that the path of a URL names. `?` and `#` are refused: people mean parameters by them, not a file of that
/// name.
fn file(path: &str) -> Result<PathBuf, DatabaseUrlError> {
    if let Some(sign) = path.chars().find(|sign| matches!(sign, '?' | '#')) {
        return Err(DatabaseUrlError::Parameters(sign));
    }
    let is_encoded = |rest: &str| rest.len() > 1 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !path.match_indices('%').all(|(at, _)| is_encoded(&path[at + 1..])) {
        return Err(DatabaseUrlError::Percent);
    }
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    if decoded.contains(&0) {
        return Err(DatabaseUrlError::Form);
    }
    Ok(OsString::from_vec(decoded).into())
}

impl TryFrom<String> for DatabaseUrl {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, DatabaseUrlError> {
        text.parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(url) => f.write_str(&masked(url.expose())),
            Self::Sqlite(path) => write!(f, "sqlite://{}", percent_encode(path.as_os_str().as_bytes(), ENCODED)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text with every password masked. It hides too much rather than too little, because people forget to encode `/`
/// and `@` in a password. A text that is not a URL may hold anything, so nothing of it is shown.
pub(super) fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    // The names of secrets in libpq and in Redis clients, in any encoding, because libpq decodes names too.
    let mut shown = SECRET.into_iter().fold(plain_names(rest), |text, name| without(name, &text));
    if let (Some(from), Some(to)) = (shown.find(':'), shown.rfind('@'))
        && from < to
    {
        shown.replace_range(from + 1..to, MASK);
    }
    format!("{scheme}://{shown}")
}

const SECRET: [&str; 5] = ["password=", "pass=", "secret=", "client_key=", "server_key="];

/// The text with the name of each parameter decoded.
fn plain_names(text: &str) -> String {
    let decoded = |piece: &str| match piece.split_once('=') {
        Some((name, value)) => format!("{}={value}", percent_decode_str(name).decode_utf8_lossy()),
        None => piece.to_owned(),
    };
    let Some((before, parameters)) = text.split_once('?') else { return text.to_owned() };
    format!("{before}?{}", parameters.split('&').map(decoded).collect::<Vec<_>>().join("&"))
}

/// The text with the value of each parameter of this name masked.
fn without(name: &str, text: &str) -> String {
    let mut pieces = text.split(name);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // A part without `=` is not a parameter but the rest of a secret with an unencoded `&`.
        let mut ends = piece.match_indices('&').map(|(end, _)| end);
        let is_parameter = |end: &usize| piece[end + 1..].split('&').next().is_some_and(|next| next.contains('='));
        let following = ends.find(is_parameter).map_or("", |end| &piece[end..]);
        shown.extend([name, MASK, following]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://u:hunter2@db/stint", "postgres://u:***@db/stint"),
            ("postgres://u:hunt/er2@db/stint", "postgres://u:***@db/stint"),
            ("postgres://u:hunt@er2@db/stint", "postgres://u:***@db/stint"),
            ("postgres://u:hunt?er=2@db/stint", "postgres://u:***@db/stint"),
            ("postgres://db/stint?user=u&password=hunter2", "postgres://db/stint?user=u&password=***"),
            ("postgres://db:5432/stint?password=hun@ter2&a=b", "postgres://db:5432/stint?password=***&a=b"),
            ("postgres://u@db/stint?sslpassword=hunter2", "postgres://u@db/stint?sslpassword=***"),
            ("postgres://u@db/stint?password=hun&ter2&a=b", "postgres://u@db/stint?password=***&a=b"),
            ("postgres://u@db/stint?pass%77ord=hunter2&a=b", "postgres://u@db/stint?password=***&a=b"),
            ("postgres://u@db/stint?oauth_client_secret=hunter2", "postgres://u@db/stint?oauth_client_secret=***"),
            ("postgres://u@db:5432/stint", "postgres://u@db:5432/stint"),
            ("hunter2", "***"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }

    #[test]
    fn a_url_names_a_backend() {
        let shown = |text: &str| text.parse::<DatabaseUrl>().map(|url| format!("{url:?}"));
        assert_eq!(shown("sqlite://.stint/stint.db").unwrap(), "sqlite://.stint/stint.db");
        assert_eq!(shown("postgresql://u:hunter2@db/stint").unwrap(), "postgresql://u:***@db/stint");
        for bad in ["", "stint.db", "sqlite://", "postgres://", "mysql://db/stint", "sqlite://a\0b", "sqlite://a%00b"] {
            assert_eq!(shown(bad), Err(DatabaseUrlError::Form), "{bad}");
        }
    }

    #[test]
    fn a_sqlite_url_is_a_path_and_nothing_more() {
        let parsed = |text: &str| text.parse::<DatabaseUrl>();
        for (bad, sign) in [
            ("sqlite:///p/q?mode=ro", '?'),
            ("sqlite://stint.db#main", '#'),
            ("sqlite://file:stint.db?mode=memory", '?'),
            ("sqlite://%3F/q?", '?'),
        ] {
            assert_eq!(parsed(bad), Err(DatabaseUrlError::Parameters(sign)), "{bad}");
        }
        let told = DatabaseUrlError::Parameters('?').to_string();
        assert!(told.ends_with("write `?` in a file's name as `%3F`"), "{told}");
        for bad in ["sqlite://100%", "sqlite://a%2", "sqlite://a%zz", "sqlite://%+1"] {
            assert_eq!(parsed(bad), Err(DatabaseUrlError::Percent), "{bad}");
        }
        for (url, path) in [
            ("sqlite:///p/q%3Fmode=ro", "/p/q?mode=ro"),
            ("sqlite://a%20b%23%25.db", "a b#%.db"),
            ("sqlite://B%C3%BCro/st int.db", "Büro/st int.db"),
        ] {
            let parsed = parsed(url).unwrap();
            assert_eq!(parsed, DatabaseUrl::Sqlite(path.into()), "{url}");
            assert_eq!(parsed.to_string().parse(), Ok(parsed), "what is shown can be written");
        }
    }
}
