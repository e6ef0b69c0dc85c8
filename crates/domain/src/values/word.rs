//! Values that are one of a few words.

/// Declares an enum whose values have names, and the error for a text that is none of these names.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ }

        $error:ident = $message:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        #[doc = concat!("The text is no name of a [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error($message)]
        pub struct $error;

        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The value's name, in JSON and in storage.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::ALL.into_iter().find(|value| value.as_str() == text).ok_or($error)
            }
        }
    };
}
pub(crate) use words;
