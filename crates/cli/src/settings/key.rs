//! A setting's key, and the macro that declares all of them in [`declared`](super::declared).

use figment::value::Value;

use super::{KEYS, Settings, database_url};

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.key`.
    pub(crate) path: &'static str,
    /// The default, as a file or a variable would write it; none, if a deployment must set the key.
    pub(super) default: Option<&'static str>,
    /// A rule beyond the form of the type.
    pub(super) rule: Option<Rule>,
    /// The declaration's comment, with a space before it, for the test that compares it with the guide.
    #[cfg(test)]
    pub(super) comment: &'static str,
}

/// Returns what is wrong with the value in force, if anything.
pub(super) type Rule = fn(&Settings) -> Option<String>;

/// Declares settings: `/// MEANING`, `KEY: TYPE = DEFAULT, RULE;` in `SECTION: ITS_TYPE { ... }`. Default and rule may
/// be absent. The meaning is Markdown and begins in lower case.
macro_rules! settings {
    ($(
        #[doc = $about:literal]
        $section:ident: $Section:ident {
            $( $(#[doc = $comment:literal])+ $key:ident: $Type:ty $(= $default:literal)? $(, $rule:path)?; )+
        }
    )+) => {
        /// All settings.
        #[derive(Debug, Clone, Deserialize)]
        pub(crate) struct Settings {
            $( #[doc = $about] pub(crate) $section: $Section, )+
        }

        $(
            #[doc = $about]
            #[derive(Debug, Clone, Deserialize)]
            pub(crate) struct $Section {
                $( $(#[doc = $comment])+ pub(crate) $key: $Type, )+
            }
        )+

        /// Every key, in the order of the declaration.
        pub(crate) const KEYS: &[Key] = &[$($(
            Key {
                path: concat!(stringify!($section), ".", stringify!($key)),
                default: settings!(@optional $(concat!($default))?),
                rule: settings!(@optional $($rule)?),
                #[cfg(test)]
                comment: concat!($($comment),+),
            },
        )+)+];
    };
    (@optional) => { None };
    (@optional $($given:tt)+) => { Some($($given)+) };
}
pub(super) use settings;

impl Key {
    pub(super) fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// Its meaning, in Markdown.
    #[cfg(test)]
    pub(super) fn meaning(&self) -> &'static str {
        self.comment.trim_start()
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("STINT_{}", self.path.replace('.', "__").to_uppercase())
    }

    pub(super) fn may_hold_a_secret(&self) -> bool {
        matches!(self.path, "database.url" | "redis.url" | "oidc.client_secret")
    }

    /// A value of this key without the secret that it may hold.
    pub(super) fn masked(&self, text: &str) -> String {
        match self.path {
            _ if text.is_empty() || !self.may_hold_a_secret() => text.to_owned(),
            "oidc.client_secret" => database_url::MASK.to_owned(),
            _ => database_url::masked(text),
        }
    }

    /// A value of this key, to be shown.
    pub(super) fn shown(&self, value: &Value) -> String {
        let text = match value {
            Value::String(_, text) => text.clone(),
            Value::Bool(_, flag) => flag.to_string(),
            other => other.to_i128().map_or_else(|| format!("{other:?}"), |number| number.to_string()),
        };
        self.masked(&text)
    }
}
