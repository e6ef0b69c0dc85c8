//! The parts of a certificate (RFC 5280, in DER) that rustls does not show. What they mean is for their readers; that
//! the certificate is genuine is for webpki.

/// Object identifiers: the common name, and the extensions subjectAltName and nameConstraints.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];

/// Tags: an optional field's number, or the type of a text that is a subset of UTF-8.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];

/// ```text
/// Certificate ::= SEQUENCE { body, SEQUENCE { signature algorithm, ... }, signature }
/// body ::= SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, key, ..., [3] extensions }
/// ```
pub(super) struct Certificate<'a> {
    /// The object identifier.
    pub(super) signature_algorithm: &'a [u8],
    /// `SubjectPublicKeyInfo`, with its head.
    pub(super) key: &'a [u8],
    subject: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut parts = elements(elements(der).next()?.contents);
        let (body, algorithm) = (parts.next()?, parts.next()?);
        let mut fields = elements(body.contents).skip_while(|field| field.tag == VERSION).skip(4);
        let (subject, key) = (fields.next()?, fields.next()?);
        let extensions = fields.find(|field| field.tag == EXTENSIONS).and_then(|field| elements(field.contents).next());
        Some(Self {
            signature_algorithm: elements(algorithm.contents).next()?.contents,
            key: key.whole,
            subject: subject.contents,
            extensions: extensions.map_or(&[], |list| list.contents),
        })
    }

    /// Whether the server with this name is meant by the certificate's common name. That counts only where there is no
    /// subjectAltName.
    pub(super) fn names(&self, host: &str) -> bool {
        let common_name = elements(self.subject).flat_map(|set| elements(set.contents)).find_map(|pair| {
            let mut pair = elements(pair.contents);
            let (name, value) = (pair.next()?, pair.next()?);
            (name.contents == COMMON_NAME && TEXTS.contains(&value.tag)).then_some(value.contents)
        });
        let Some(pattern) = common_name.and_then(|name| std::str::from_utf8(name).ok()) else { return false };
        // A star stands for the whole first label, as in libpq.
        let below_star = pattern.strip_prefix("*.").zip(host.split_once('.'));
        !self.has_extension(ALTERNATIVE_NAME)
            && (pattern.eq_ignore_ascii_case(host)
                || below_star.is_some_and(|(pattern, (_, host))| pattern.eq_ignore_ascii_case(host)))
    }

    /// Whether it limits the names of what it signs.
    pub(super) fn constrains_names(&self) -> bool {
        self.has_extension(NAME_CONSTRAINTS)
    }

    fn has_extension(&self, identifier: &[u8]) -> bool {
        elements(self.extensions)
            .any(|extension| elements(extension.contents).next().is_some_and(|first| first.contents == identifier))
    }
}

struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

/// The elements of a sequence, until its end or the first that is not understood.
fn elements(mut der: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let (tag, rest) = der.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        let whole = &der[..der.len() - rest.len()];
        der = rest;
        Some(Element { tag: *tag, contents, whole })
    })
}

/// An element with this tag, for tests.
#[cfg(test)]
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = u8::try_from(contents.len()).unwrap();
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [head, contents].concat()
}

/// A certificate as far as this module looks, for tests.
#[cfg(test)]
pub(super) fn made_up(common_name: &str, algorithm: &[u8], extension: Option<&[u8]>) -> Vec<u8> {
    let sequence = |parts: &[&[u8]]| element(0x30, parts);
    let name = sequence(&[&element(6, &[COMMON_NAME]), &element(0x0c, &[common_name.as_bytes()])]);
    let subject = sequence(&[&element(0x31, &[&name])]);
    let extension = extension.map(|identifier| sequence(&[&element(6, &[identifier]), &element(4, &[b"x"])]));
    // Version 1 has neither a version nor extensions.
    let version = if extension.is_some() { element(VERSION, &[&element(2, &[&[2]])]) } else { Vec::new() };
    let extensions = extension.map(|extension| element(EXTENSIONS, &[&sequence(&[&extension])])).unwrap_or_default();
    let (serial, other) = (element(2, &[&[1]]), sequence(&[]));
    let key = sequence(&[b"key"]);
    let body = sequence(&[&version, &serial, &other, &other, &other, &subject, &key, &extensions]);
    let algorithm = sequence(&[&element(6, &[algorithm]), &element(5, &[])]);
    sequence(&[&body, &algorithm, &element(3, &[&[0; 9]])])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(common_name: &str, extension: Option<&[u8]>, host: &str) -> bool {
        Certificate::parse(&made_up(common_name, &[1], extension)).unwrap().names(host)
    }

    #[test]
    fn a_common_name_counts_where_there_is_no_alternative() {
        for extension in [None, Some(NAME_CONSTRAINTS)] {
            assert!(names("db.example", extension, "DB.example"));
            assert!(!names("db.example", extension, "other.example"));
            assert!(names("*.example", extension, "db.example"));
            assert!(!names("*.example", extension, "a.db.example"));
            assert!(!names("*.example", extension, "example"));
            assert!(!names("*", extension, "db.example"));
            assert!(names("10.0.0.1", extension, "10.0.0.1"));
        }
        assert!(!names("db.example", Some(ALTERNATIVE_NAME), "db.example"));
    }

    #[test]
    fn each_part_is_where_it_belongs() {
        for extension in [None, Some(NAME_CONSTRAINTS), Some(ALTERNATIVE_NAME)] {
            let der = made_up("db", &[7, 8], extension);
            let certificate = Certificate::parse(&der).unwrap();
            assert_eq!(certificate.signature_algorithm, [7, 8]);
            assert_eq!(certificate.key, element(0x30, &[b"key"]));
            assert_eq!(certificate.constrains_names(), extension == Some(NAME_CONSTRAINTS));
        }
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        let der = made_up("db", &[7], Some(NAME_CONSTRAINTS));
        assert!((0..der.len()).all(|length| Certificate::parse(&der[..length]).is_none()));
        assert!(Certificate::parse(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
