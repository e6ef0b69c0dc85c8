//! The database's URL: which backend, and what may be shown of it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use super::postgres_url::PostgresUrl;

const MASK: &str = "***";

/// Which database. Shown and debugged without its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum DatabaseUrl {
    Postgres(PostgresUrl),
    Sqlite(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`")]
pub(crate) struct DatabaseUrlError;

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() && !text.contains('\0') => {
                Ok(Self::Postgres(PostgresUrl::new(text)))
            }
            Some(("sqlite", path)) if !path.is_empty() && !text.contains('\0') => Ok(Self::Sqlite(path.into())),
            _ => Err(DatabaseUrlError),
        }
    }
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
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text with every password in it masked. It hides too much rather than too little, because people forget to encode
/// the `/` and the `@` of a password; what has not the form of a URL may be anything, so nothing of it is shown.
pub(super) fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    // libpq's name for it, and that of Redis's clients.
    let mut shown = ["password=", "pass="].into_iter().fold(rest.to_owned(), |text, name| without(name, &text));
    if let (Some(from), Some(to)) = (shown.find(':'), shown.rfind('@'))
        && from < to
    {
        shown.replace_range(from + 1..to, MASK);
    }
    format!("{scheme}://{shown}")
}

/// The text with the value of each parameter of this name masked.
fn without(name: &str, text: &str) -> String {
    let mut pieces = text.split(name);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let following = piece.find('&').map_or("", |end| &piece[end..]);
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
        for bad in ["", "stint.db", "sqlite://", "postgres://", "mysql://db/stint", "sqlite://a\0b"] {
            assert_eq!(shown(bad), Err(DatabaseUrlError), "{bad}");
        }
    }
}
