//! One declaration of a request body: how it is read, and what the OpenAPI document says of it.
//!
//! [`input!`] takes a struct whose fields are values of the domain. It makes the struct, its reader, its schema and its
//! example. `Form` has the schema of a value, and [`Input`] its reader (`values`). Bodies of editor plugins, which are
//! read leniently, are read elsewhere.

mod fields;
pub(crate) mod property;
mod values;

pub(crate) use fields::{Fields, Refused};
pub(crate) use values::{AttemptedPassword, Line, SentSecret, text_of};

use crate::json::Json;
use crate::openapi::Form;
use crate::problem::{Errors, Problem};

/// A value of a field.
pub(crate) trait Input<'j>: Form + Sized {
    /// Reads it, or says what is wrong with it and names it.
    fn read(json: Json<'j>) -> Result<Self, String>;
}

/// An object that [`input!`] declares.
pub(crate) trait Object<'j>: Sized {
    /// The names of its fields.
    const FIELDS: &'static [&'static str];
    /// Text after the names of the known fields in the error for an unknown one.
    const HINT: &'static str;

    /// Reads its fields.
    fn take(fields: &mut Fields<'_, 'j>) -> Result<Self, Refused>;

    /// Reads a whole body. All errors are reported at once.
    fn read(json: Json<'j>) -> Result<Self, Problem> {
        let mut errors = Errors::default();
        let object = Self::read_at("", json, &mut errors);
        errors.check(object)
    }

    /// Reads the object at `pointer`; `None` after an error.
    fn read_at(pointer: &str, json: Json<'j>, errors: &mut Errors) -> Option<Self> {
        let mut fields = Fields::new(json, pointer, errors);
        let object = Self::take(&mut fields);
        fields.finish(Self::FIELDS, Self::HINT);
        object.ok()
    }
}

/// Declares a request body. The doc comment of each field goes into the OpenAPI document. A field is
///
/// - `required`: it must be given;
/// - `default`: if absent, it is its type's `Default`, which the document shows;
/// - `optional`: if absent, it is `None`;
/// - `tried`: as `required`, but `None` after an error;
/// - `lenient`: as `default`, also after an error.
///
/// The last two are for bodies that have more to check, so that the struct is needed in spite of an error. A value that
/// may be null is an `Option`. The `example`s of the fields make up that of the body. The text of `unknown` follows the
/// names of the known fields in the error for an unknown one.
macro_rules! input {
    (@type required $type:ty) => { $type };
    (@type default $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@type tried $type:ty) => { Option<$type> };
    (@type lenient $type:ty) => { $type };
    (@assumed default $type:ty) => { <$type as $crate::input::property::Assumed>::assumed() };
    (@assumed lenient $type:ty) => { <$type as $crate::input::property::Assumed>::assumed() };
    (@assumed $other:ident $type:ty) => { None };
    (@listed required $object:ident $name:expr) => { $object.required($name) };
    (@listed tried $object:ident $name:expr) => { $object.required($name) };
    (@listed $other:ident $object:ident $name:expr) => { $object };
    (
        $(#[doc = $about:literal])+
        $vis:vis struct $name:ident $(<$json:lifetime>)? {
            $(
                $(#[doc = $what:literal])+
                $kind:ident $field:ident: $type:ty $(, example $example:expr)?;
            )+
            $(unknown $hint:literal;)?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        $vis struct $name $(<$json>)? {
            $($(#[doc = $what])+ $vis $field: $crate::input::input!(@type $kind $type),)+
        }

        impl<'j> $crate::input::Object<'j> for $name $(<$json>)? {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
            const HINT: &'static str = concat!($($hint)?);

            fn take(fields: &mut $crate::input::Fields<'_, 'j>) -> Result<Self, $crate::input::Refused> {
                // All are read before the first error ends this.
                $(let $field = fields.$kind(stringify!($field));)+
                Ok(Self { $($field: $field?),+ })
            }
        }

        impl $(<$json>)? $crate::openapi::Form for $name $(<$json>)? {
            fn schema(schemas: &mut $crate::openapi::Schemas) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let object = $crate::input::property::object(&[$($about),+]);
                $(
                    let default = $crate::input::input!(@assumed $kind $type);
                    let field = $crate::input::property::field::<$type>(&[$($what),+], default, schemas);
                    let object = object.property(stringify!($field), field);
                    let object = $crate::input::input!(@listed $kind object stringify!($field));
                )+
                $crate::openapi::put(schemas, stringify!($name), object)
            }
        }

        impl $(<$json>)? $crate::openapi::Example for $name $(<$json>)? {
            fn example() -> serde_json::Value {
                let mut example = serde_json::Map::new();
                $($(example.insert(stringify!($field).to_owned(), serde_json::json!($example));)?)+
                example.into()
            }
        }
    };
}

pub(crate) use input;
