//! Removes the secrets of a URL from a driver's message.
//!
//! Drivers quote what they cannot parse: a password with a bare `%` comes back whole; one with a `/` or an `@` comes
//! back in pieces, as a port or as a host name. So everything between the first `:` and the last `@`, and everything
//! after the name of a secret parameter, counts as secret. It is hidden raw, decoded, partly decoded, and in every
//! piece that a parser may cut it into. That hides too much rather than too little.

/// Replaces a secret in a message.
const MASK: &str = "***";

/// Shorter pieces are hidden only in quotation marks: `a` is part of most words.
const SHORT: usize = 3;

/// A parameter whose name ends with one of these has a secret value.
const SECRET: [&str; 5] = ["password", "pass", "secret", "client_key", "server_key"];

/// The secrets of one URL.
#[derive(Clone)]
pub(crate) struct UrlSecrets {
    /// Longest first, so that hiding a short piece never leaves the rest of a longer one.
    pieces: Vec<String>,
}

impl UrlSecrets {
    /// Finds the secrets of a URL, or of libpq's `key=value` form.
    pub(crate) fn of(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let between =
            rest.find(':').zip(rest.rfind('@')).filter(|(from, to)| from < to).map(|(from, to)| &rest[from + 1..to]);
        let mut pieces = Vec::new();
        for secret in between.into_iter().chain(parameter(rest)) {
            let decoded = percent_decoded(secret);
            let twice = percent_decoded(&decoded);
            for form in [secret.to_owned(), decoded, twice] {
                pieces.extend(
                    form.split(|c: char| c.is_whitespace() || ":/@?&=%[],+#'\"".contains(c)).map(str::to_owned),
                );
                pieces.push(form);
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        pieces.dedup();
        Self { pieces }
    }

    /// The message with its secrets hidden.
    pub(crate) fn hidden_in(&self, message: &str) -> String {
        let mut shown = message.to_owned();
        for piece in &self.pieces {
            if piece.chars().count() >= SHORT {
                shown = shown.replace(piece.as_str(), MASK);
            }
        }
        self.quoted_hidden(&self.quoted_hidden(&shown, '"'), '\'')
    }

    /// Hides short pieces that stand between two of these marks. It does not ask which mark opens and which one
    /// closes, because one may be an apostrophe.
    fn quoted_hidden(&self, text: &str, mark: char) -> String {
        let parts: Vec<&str> = text.split(mark).collect();
        let last = parts.len() - 1;
        let shown = parts.iter().enumerate().map(|(at, part)| {
            let is_short = at > 0 && at < last && !part.is_empty() && part.chars().count() < SHORT;
            let is_secret = is_short && self.pieces.iter().any(|piece| piece.contains(part));
            if is_secret { MASK } else { part }
        });
        shown.collect::<Vec<_>>().join(mark.encode_utf8(&mut [0; 4]))
    }
}

impl std::fmt::Debug for UrlSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UrlSecrets")
    }
}

/// Everything after the name of the first secret parameter. The end of its value is uncertain, because a person may
/// have forgotten to encode an `&` or a space.
fn parameter(rest: &str) -> Option<&str> {
    rest.match_indices('=').find_map(|(at, _)| {
        let before = &rest[..at];
        let name = before.rsplit(|c: char| c.is_whitespace() || "?&".contains(c)).next().unwrap_or(before);
        let name = percent_decoded(name);
        SECRET.iter().any(|secret| name.ends_with(secret)).then(|| &rest[at + 1..])
    })
}

/// Decodes each `%` with two hexadecimal digits. A `%` before anything else stays.
fn percent_decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_and_no_piece_of_a_password_stays() {
        for (url, message) in [
            ("postgres://u:hun%ter2@db/s", r#"invalid percent-encoded token: "hun%ter2""#),
            ("postgres://u:hun%40t%zer2@db/s", r#"near "hun@t%zer2""#),
            ("postgres://u:hunt%2540er2@db/s", r#"near "hunt@er2" and "hunt%40er2""#),
            ("postgres://u:hunt/er2@db/s", r#"invalid integer value "hunt" for connection option "port""#),
            ("postgres://u:hunt@er2@db/s", r#"could not translate host name "er2@db" to address: no"#),
            ("postgres://u:hunt:er2@db/s", "connection to server at er2"),
            ("postgres://db/s?password=hunt&er2", r#"missing key/value separator "=" in URI query parameter: "er2""#),
            ("postgres://db/s?pass%77ord=hunter2", "hunter2"),
            ("postgres://db/s?user=u&sslpassword=hunter2&sslmode=x", "hunter2"),
            ("host=db password='hunt er2' user=u", r#"missing "=" after "er2'" in connection info string"#),
            ("redis://:hunter2@queue", "unknown command 'AUTH', with args beginning with: 'hunter2'"),
            ("redis+unix:///run/s?pass=hunter2", "hunter2"),
            ("postgres://u:x@db/s", r#"unexpected "x" here"#),
            ("redis://:x@queue", "unknown command 'AUTH', with args beginning with: 'x'"),
            ("redis://:x@queue", "can't do 'AUTH' with 'x' now"),
        ] {
            let shown = UrlSecrets::of(url).hidden_in(message);
            for piece in ["hunt", "er2", "hun", "ter2", "\"x\"", "'x'"] {
                assert!(!shown.contains(piece), "{shown}");
            }
            assert!(shown.contains(MASK), "{shown}");
        }
    }

    #[test]
    fn what_is_not_secret_stays() {
        let message =
            r#"connection to server at "db" (10.0.0.1), port 5432 failed: FATAL: role "stint" does not exist"#;
        for url in ["postgres://stint:hunter2@db/stint", "postgres://stint@db:5432/stint", "redis://queue:6379/0"] {
            assert_eq!(UrlSecrets::of(url).hidden_in(message), message);
        }
    }

    #[test]
    fn it_does_not_show_itself() {
        assert_eq!(format!("{:?}", UrlSecrets::of("redis://:hunter2@queue")), "UrlSecrets");
    }
}
