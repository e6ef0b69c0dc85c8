//! The two forms of libpq's connection strings, as pairs of names and values: `postgres://...` and `key=value ...`.
//! Whether a name is known and a value makes sense is decided in `options` and by those who read them.

use super::error::NotUnderstood;

type Pairs = Vec<(String, String)>;

/// The options that a text sets, in its order. The last of a name wins.
pub(super) fn pairs(text: &str) -> Result<Pairs, NotUnderstood> {
    match text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
        Some(rest) => of_url(rest),
        None => of_keys(text),
    }
}

/// `user:password@host:port,host:port/database?name=value&name=value`, with every part optional.
fn of_url(rest: &str) -> Result<Pairs, NotUnderstood> {
    // There is a user if an `@` comes before any `/`.
    let (login, rest) = match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (&rest[..at], &rest[at + 1..]),
        _ => ("", rest),
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    if hosts.contains('@') {
        return Err(NotUnderstood::At);
    }
    let hosts = hosts.split(',').map(host_and_port).collect::<Result<Vec<_>, _>>()?;
    // An empty port of several hosts stays, because ports belong to hosts by their order.
    let (hosts, ports): (Vec<_>, Vec<_>) = hosts.into_iter().unzip();
    let (hosts, ports) = (hosts.join(","), ports.join(","));

    let mut pairs = Vec::new();
    for (name, value) in
        [("user", user), ("password", password), ("host", &hosts), ("port", &ports), ("dbname", database)]
    {
        // What is not there may still come from the environment.
        if !value.is_empty() {
            pairs.push((name.to_owned(), decoded(value)?));
        }
    }
    for parameter in parameters.strip_suffix('&').unwrap_or(parameters).split('&').filter(|_| !parameters.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or(NotUnderstood::Option)?;
        if value.contains('=') {
            return Err(NotUnderstood::Option);
        }
        // JDBC's.
        let (name, value) = if (name, value) == ("ssl", "true") { ("sslmode", "require") } else { (name, value) };
        pairs.push((decoded(name)?, decoded(value)?));
    }
    Ok(pairs)
}

fn host_and_port(text: &str) -> Result<(&str, &str), NotUnderstood> {
    let Some(v6) = text.strip_prefix('[') else {
        return Ok(text.split_once(':').unwrap_or((text, "")));
    };
    let (host, after) = v6.split_once(']').ok_or(NotUnderstood::Brackets)?;
    let port = if after.is_empty() { Some("") } else { after.strip_prefix(':') };
    port.filter(|_| !host.is_empty()).map(|port| (host, port)).ok_or(NotUnderstood::Brackets)
}

/// Decodes `%40` and the like.
fn decoded(text: &str) -> Result<String, NotUnderstood> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let code = digit(rest.next()).zip(digit(rest.next())).map(|(high, low)| high * 16 + low);
            code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).ok_or(NotUnderstood::Percent)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).or(Err(NotUnderstood::Percent))
}

/// `name = value name = 'value with \' and spaces'`.
fn of_keys(text: &str) -> Result<Pairs, NotUnderstood> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or(NotUnderstood::Option)?;
        let name = name.trim_ascii_end();
        if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace()) {
            return Err(NotUnderstood::Option);
        }
        let (value, after) = value(after.trim_ascii_start())?;
        pairs.push((name.to_owned(), value));
        rest = after.trim_ascii_start();
    }
    Ok(pairs)
}

/// The value at the beginning, and what comes after it.
fn value(text: &str) -> Result<(String, &str), NotUnderstood> {
    let quoted = text.strip_prefix('\'');
    let mut rest = quoted.unwrap_or(text).chars();
    let mut value = String::new();
    loop {
        match rest.next() {
            Some('\\') => value.extend(rest.next()),
            Some('\'') if quoted.is_some() => break,
            Some(c) if quoted.is_none() && c.is_ascii_whitespace() => break,
            Some(c) => value.push(c),
            None if quoted.is_some() => return Err(NotUnderstood::Quote),
            None => break,
        }
    }
    Ok((value, rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_pairs(text: &str, expected: &[(&str, &str)]) {
        let pairs = pairs(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, expected, "{text}");
    }

    #[test]
    fn a_url_is_taken_apart_as_libpq_does() {
        assert_pairs("postgres://", &[]);
        assert_pairs("postgresql:///stint", &[("dbname", "stint")]);
        assert_pairs(
            "postgres://u%40x:p%3A%2F%25w@db:5433/s%20t?sslmode=require&application%5Fname=a%26b&",
            &[
                ("user", "u@x"),
                ("password", "p:/%w"),
                ("host", "db"),
                ("port", "5433"),
                ("dbname", "s t"),
                ("sslmode", "require"),
                ("application_name", "a&b"),
            ],
        );
        assert_pairs("postgres://u@/d", &[("user", "u"), ("dbname", "d")]);
        assert_pairs("postgres://u:p:q@h", &[("user", "u"), ("password", "p:q"), ("host", "h")]);
        assert_pairs("postgres://db?user=u", &[("host", "db"), ("user", "u")]);
        assert_pairs("postgres://%2Frun%2Fpostgresql/d", &[("host", "/run/postgresql"), ("dbname", "d")]);
        assert_pairs("postgres:///d?host=/run/postgresql", &[("dbname", "d"), ("host", "/run/postgresql")]);
        assert_pairs("postgres://h/d?ssl=true", &[("host", "h"), ("dbname", "d"), ("sslmode", "require")]);
        assert_pairs("postgres://h/d@e", &[("host", "h"), ("dbname", "d@e")]);
    }

    #[test]
    fn ports_stay_with_their_hosts() {
        assert_pairs("postgres://one:1,[fe80::1]:2,[::1],four", &[("host", "one,fe80::1,::1,four"), ("port", "1,2,,")]);
        assert_pairs("postgres://one,two", &[("host", "one,two"), ("port", ",")]);
    }

    #[test]
    fn keys_are_taken_apart_as_libpq_does() {
        assert_pairs(
            r"  host = db.example password='it\'s \\ mine' dbname=a\ b options='' port=1",
            &[("host", "db.example"), ("password", r"it's \ mine"), ("dbname", "a b"), ("options", ""), ("port", "1")],
        );
        assert_pairs("", &[]);
        // Surprising, but libpq's.
        assert_pairs("host= dbname=x", &[("host", "dbname=x")]);
    }

    #[test]
    fn what_is_not_understood_is_said_without_quoting_it() {
        for (text, why) in [
            ("postgres://u:hun%ter2@db/s", NotUnderstood::Percent),
            ("postgres://u:hun%00ter2@db/s", NotUnderstood::Percent),
            ("postgres://u:hun%fFter2@db/s", NotUnderstood::Percent),
            ("postgres://u:hun%", NotUnderstood::Percent),
            ("postgres://u:hun@ter2@db/s", NotUnderstood::At),
            ("postgres://[::1/s", NotUnderstood::Brackets),
            ("postgres://[]/s", NotUnderstood::Brackets),
            ("postgres://[::1]5432/s", NotUnderstood::Brackets),
            ("postgres://db/s?hunter2", NotUnderstood::Option),
            ("postgres://db/s?password=hun=ter2", NotUnderstood::Option),
            ("postgres://db/s?a=b&&c=d", NotUnderstood::Option),
            ("hunter2", NotUnderstood::Option),
            ("host=db hun ter2=x", NotUnderstood::Option),
            ("password='hunter2", NotUnderstood::Quote),
        ] {
            assert_eq!(pairs(text), Err(why.clone()), "{text}");
            assert!(!why.to_string().contains("ter2"));
        }
    }
}
