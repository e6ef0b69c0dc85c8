//! What proxies say of where a request comes from: `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! Each proxy appends the address of whoever asked it, so both lists are read from their end. What a client wrote stands
//! before that, and cannot hide it: a line that is not of the form tells nothing. Whom to believe is decided elsewhere.

use std::borrow::Cow;
use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName};

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The senders that a header names, from the nearest to the farthest; `None` is one that is no address.
pub(super) type Hops = Vec<Option<IpAddr>>;

/// What each of the two headers says; nothing of one that is not there.
pub(super) fn said(headers: &HeaderMap) -> impl Iterator<Item = Hops> {
    let of = |name: HeaderName, read: fn(&str) -> Hops| -> Hops {
        let lines = headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes()));
        let mut hops: Hops = lines.filter(|line| !line.trim().is_empty()).flat_map(|line| read(&line)).collect();
        hops.reverse();
        hops
    };
    [of(FORWARDED, of_elements), of(X_FORWARDED_FOR, of_addresses)].into_iter().filter(|hops| !hops.is_empty())
}

/// `X-Forwarded-For: 203.0.113.1, 192.0.2.7`
fn of_addresses(line: &str) -> Hops {
    line.split(',').map(|part| address(part.trim())).collect()
}

/// `Forwarded: for=203.0.113.1;proto=https, for="[2001:db8::1]:4711"`
fn of_elements(line: &str) -> Hops {
    match split(line, b',') {
        Some(elements) => elements.into_iter().map(sender).collect(),
        None => vec![None],
    }
}

/// The address in the one `for` of an element. `unknown` and names that begin with `_` are no addresses.
fn sender(element: &str) -> Option<IpAddr> {
    let mut sender = None;
    for pair in split(element, b';')? {
        if pair.trim().is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=')?;
        let value = unquoted(value.trim())?;
        if name.trim().eq_ignore_ascii_case("for") && sender.replace(value).is_some() {
            return None;
        }
    }
    address(&sender?)
}

/// The parts between separators that are in no quoted string; `None` if one does not end.
fn split(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

/// The value of a token or of a quoted string.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else { return (!value.contains('"')).then_some(Cow::Borrowed(value)) };
    let inside = rest.strip_suffix('"')?;
    let (mut text, mut chars) = (String::with_capacity(inside.len()), inside.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' => return None,
            '\\' => text.push(chars.next()?),
            other => text.push(other),
        }
    }
    Some(Cow::Owned(text))
}

/// An address, which may have a port, or a name in place of one.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => {
            let (bare, port) = rest.split_once(']')?;
            if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
                return None;
            }
            bare
        }
        None => match text.rsplit_once(':') {
            Some((bare, port)) if !bare.contains(':') && is_port(port) => bare,
            _ => text,
        },
    };
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    let is_named = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && is_named(name),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(element: &str) -> Option<String> {
        sender(element).map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_found_however_it_is_written() {
        for (element, expected) in [
            ("for=192.0.2.43", "192.0.2.43"),
            ("For=192.0.2.43", "192.0.2.43"),
            (r#"for="192.0.2.43""#, "192.0.2.43"),
            (r#"for="192.0.2.43:4711""#, "192.0.2.43"),
            (r#"for="192.0.2.43:_http""#, "192.0.2.43"),
            (r#"for="[2001:db8:cafe::17]""#, "2001:db8:cafe::17"),
            (r#"FOR="[2001:db8:cafe::17]:4711""#, "2001:db8:cafe::17"),
            (r#"for="[2001:db8::17]:_secret.port""#, "2001:db8::17"),
            (r#"for="\1\92.0.2.43""#, "192.0.2.43"),
            ("for=[::ffff:192.0.2.43]", "192.0.2.43"),
            (r#"proto=https;by="[2001:db8::1]";for=192.0.2.43;host="a,b;for=1.1.1.1""#, "192.0.2.43"),
            (" by=203.0.113.43 ; for = 192.0.2.43 ;", "192.0.2.43"),
        ] {
            assert_eq!(sent(element).as_deref(), Some(expected), "{element}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for element in [
            "",
            "proto=https",
            "for",
            "for=",
            "for=unknown",
            r#"for="unknown""#,
            "for=_hidden",
            r#"for="_hidden:80""#,
            "for=example.org",
            "for=192.0.2.43:",
            "for=192.0.2.43:123456",
            "for=192.0.2.43:_",
            r#"for="[2001:db8::1""#,
            r#"for="[2001:db8::1]4711""#,
            r#"for="[2001:db8::1]:""#,
            r#"for="[fe80::1%eth0]""#,
            r#"for="192.0.2.43"#,
            r#"for=192.0.2.43""#,
            r#"for="192.0.2.43\"#,
            r#"for="192"."0.2.43""#,
            "for=192.0.2.43;for=192.0.2.44",
            "for=192.0.2.43;nonsense",
            r#"for=192.0.2.43;host=""#,
        ] {
            assert_eq!(sent(element), None, "{element}");
        }
    }
}
