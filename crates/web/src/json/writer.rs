//! JSON as it is sent, byte for byte what `serde_json` makes of it. That one looks at each byte of each text for what has to
//! be escaped, at names, too; here many bytes are looked at at once, and no names. What is rare is left to `serde_json`.
//!
//! Answers are made of structs, lists, texts and numbers. Anything else is refused.

use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};
use serde_json::Error;

/// Appends one value to the bytes.
pub(crate) struct Writer<'o>(pub(crate) &'o mut Vec<u8>);

/// Appends the members of an object, or the items of a list.
pub(crate) struct Parts<'o> {
    out: &'o mut Vec<u8>,
    begun: bool,
    end: u8,
}

impl<'o> Parts<'o> {
    fn new(out: &'o mut Vec<u8>, [begin, end]: [u8; 2]) -> Self {
        out.push(begin);
        Self { out, begun: false, end }
    }

    fn separate(&mut self) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
    }
}

impl SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Error;

    /// A member's name is that of a field, so nothing in it needs an escape.
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push(self.end);
        Ok(())
    }
}

impl SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push(self.end);
        Ok(())
    }
}

/// An array of Rust's, whose length is part of its type, is a list as any other.
impl SerializeTuple for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Error> {
        SerializeSeq::end(self)
    }
}

/// Whether nothing in a text has to be escaped.
fn is_plain(text: &str) -> bool {
    // Without branches, so that the compiler looks at all bytes of a piece at once.
    let plain = |bytes: &[u8]| {
        let escaped = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
        bytes.iter().fold(0, |found, &byte| found | escaped(byte)) == 0
    };
    // The last piece may overlap the one before, so that no byte of a text of usual length is looked at by itself.
    let bytes = text.as_bytes();
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>(), bytes.last_chunk::<16>()) {
        (.., Some(last)) => bytes.as_chunks::<16>().0.iter().all(|piece| plain(piece)) && plain(last),
        (Some(first), Some(last), None) => plain(first) && plain(last),
        _ => plain(bytes),
    }
}

/// What `serde_json` writes.
macro_rules! as_serde_json {
    ($($method:ident($type:ty))+) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            serde_json::Serializer::new(self.0).$method(value)
        })+
    };
}

/// What no answer has.
macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $part:ty)+) => {
        $(fn $method(self, $(_: $type),*) -> Result<$part, Error> {
            Err(Error::custom("no answer has this form"))
        })+
    };
}

type Never = Impossible<(), Error>;

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'o>;
    type SerializeStruct = Parts<'o>;
    type SerializeTuple = Parts<'o>;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStructVariant = Never;

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if !is_plain(text) {
            return serde_json::Serializer::new(self.0).serialize_str(text);
        }
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Error> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'o>, Error> {
        Ok(Parts::new(self.0, *b"[]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'o>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'o>, Error> {
        Ok(Parts::new(self.0, *b"{}"))
    }

    as_serde_json! {
        serialize_bool(bool)
        serialize_i8(i8)
        serialize_i16(i16)
        serialize_i32(i32)
        serialize_i64(i64)
        serialize_u8(u8)
        serialize_u16(u16)
        serialize_u32(u32)
        serialize_u64(u64)
        serialize_f32(f32)
        serialize_f64(f64)
        serialize_char(char)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error::custom("no answer has this form"))
    }

    refused! {
        serialize_bytes(&[u8]) -> ()
        serialize_unit_struct(&'static str) -> ()
        serialize_tuple_struct(&'static str, usize) -> Never
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never
        serialize_map(Option<usize>) -> Never
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Answer<'a> {
        text: &'a str,
        texts: Vec<String>,
        pair: [u8; 2],
        none: Option<u8>,
        some: Option<i64>,
        ratio: f64,
        yes: bool,
        inner: Vec<Inner>,
        word: Word,
    }

    #[derive(Serialize)]
    struct Inner {
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        long: u64,
    }

    #[derive(Serialize)]
    enum Word {
        Open,
    }

    fn written(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        value.serialize(Writer(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn answers_are_written_as_serde_json_writes_them(
            text in "(?s).{0,40}", texts in prop::collection::vec("[a-z\"\\\\\u{0}-\u{1f}ü]{0,40}", 0..4), long: u64, some: i64,
            ratio: f64,
        ) {
            let inner = vec![Inner { absent: None, long }, Inner { absent: Some(1), long: 0 }];
            let answer =
                Answer { text: &text, texts, pair: [1, 2], none: None, some: Some(some), ratio, yes: true, inner, word: Word::Open };
            prop_assert_eq!(written(&answer), serde_json::to_string(&answer).unwrap());
        }
    }

    #[test]
    fn every_character_that_has_to_be_escaped_is_found_wherever_it_stands() {
        for length in [1, 15, 16, 17, 40] {
            for at in 0..length {
                for byte in 0..128 {
                    let mut text = vec![b'x'; length];
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
                }
            }
        }
    }
}
