//! What a body is instead of JSON in UTF-8, so that its sender learns more than that it is malformed. Used only after a
//! body could not be parsed.

use std::fmt::Write as _;

/// What the body is, as the end of a sentence, if it can be recognised.
pub(crate) fn told(body: &[u8]) -> Option<String> {
    told_by_start(body).map(str::to_owned).or_else(|| not_utf8(body))
}

/// The same, judged by its first bytes alone.
pub(crate) fn told_by_start(body: &[u8]) -> Option<&'static str> {
    Some(match body {
        [0xef, 0xbb, 0xbf, ..] => "begins with a byte order mark (EF BB BF); JSON is sent without one",
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            "is in UTF-32, as its byte order mark says; JSON is sent in UTF-8"
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is in UTF-16, as its byte order mark says; JSON is sent in UTF-8",
        [1..=255, 0, 0, 0, ..] | [0, 0, 0, 1..=255, ..] => "seems to be in UTF-32; JSON is sent in UTF-8",
        [1..=255, 0, ..] | [0, 1..=255, ..] => "seems to be in UTF-16; JSON is sent in UTF-8",
        [0x1f, 0x8b, ..] => "is compressed with gzip, and no Content-Encoding says so",
        _ => return None,
    })
}

fn not_utf8(body: &[u8]) -> Option<String> {
    let error = std::str::from_utf8(body).err()?;
    let (at, mut told) = (error.valid_up_to(), "is not in UTF-8: ".to_owned());
    // Writing to a string never fails.
    let _ = match body.get(at) {
        Some(byte) if error.error_len().is_some() => write!(told, "byte {at} is {byte:02X}"),
        _ => write!(told, "it ends within the character at byte {at}"),
    };
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_encodings_are_told_by_name() {
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let utf32 =
            |text: &str, order: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| order(u32::from(c))).collect::<Vec<u8>>();
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}{{\"name\": \"Büro\"}}");
            for body in [utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)] {
                assert!(told(&body).unwrap().contains("UTF-16"), "{body:?}");
            }
            for body in [utf32(&text, u32::to_le_bytes), utf32(&text, u32::to_be_bytes)] {
                assert!(told(&body).unwrap().contains("UTF-32"), "{body:?}");
            }
        }
        assert!(told("\u{feff}{}".as_bytes()).unwrap().contains("byte order mark"));
        assert!(told(b"\x1f\x8b\x08").unwrap().contains("gzip"));
        assert_eq!(told(b"\"B\xfcro\"").unwrap(), "is not in UTF-8: byte 2 is FC");
        assert_eq!(told(b"\"B\xc3").unwrap(), "is not in UTF-8: it ends within the character at byte 2");
        assert_eq!(told("{\"name\": \"Büro\"".as_bytes()), None);
        assert_eq!(told(b""), None);
    }
}
