//! The pages on which people sign in and use links. They are made here, need no script, and load nothing from elsewhere.
//!
//! `words` has their texts, in English and German.

mod words;

use maud::{DOCTYPE, Markup, html};
use stint_domain::people::{Password, Person};

pub(crate) use words::{Told, Words};

use crate::base_path::BasePath;

pub(crate) const STYLE: &str = include_str!("forms/style.css");

/// Moves a link's secret from the address into the form, and out of the history.
pub(crate) const WELCOME: &str = include_str!("forms/welcome.js");

/// What every page needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) base: &'a BasePath,
    pub(crate) words: &'static Words,
    /// What went wrong with what was sent before.
    pub(crate) told: Option<Told<'a>>,
}

impl Page<'_> {
    /// Asks for handle and password.
    pub(crate) fn sign_in(self, handle: &str) -> Markup {
        let Words { sign_in, handle: label, password, forgotten, .. } = self.words;
        let form = html! {
            form method="post" action={ (self.base) "/sign-in" } {
                (field(label, &html! {
                    input id="handle" name="handle" value=(handle) required autofocus[handle.is_empty()] maxlength="64"
                        autocomplete="username" autocapitalize="none" spellcheck="false";
                }, "handle"))
                (field(password, &html! {
                    input id="password" name="password" type="password" required autofocus[!handle.is_empty()]
                        maxlength=(Password::MAX_CHARS) autocomplete="current-password";
                }, "password"))
                button { (sign_in) }
            }
            p.hint { (forgotten) }
        };
        self.whole(sign_in, &form, false)
    }

    /// Says who has signed in.
    pub(crate) fn signed_in(self, person: &Person) -> Markup {
        let Words { signed_in, signed_in_as, sign_out, reference, .. } = self.words;
        let about = html! {
            p { (signed_in_as) " " strong { (person.name) } " (" (person.handle) ")." }
            form method="post" action={ (self.base) "/sign-out" } { button.second { (sign_out) } }
            p.hint { a href={ (self.base) "/docs" } { (reference) } }
        };
        self.whole(signed_in, &about, false)
    }

    /// Asks for a link's secret and, unless it is `optional`, a new password.
    pub(crate) fn welcome(self, secret: &str, optional: bool) -> Markup {
        let Words { welcome, secret: secret_label, new_password, rule, optional: may_be_empty, set, .. } = self.words;
        let form = html! {
            form method="post" action={ (self.base) "/welcome" } {
                (field(secret_label, &html! {
                    input id="secret" name="secret" value=(secret) required maxlength="100" autocomplete="off"
                        autocapitalize="none" spellcheck="false";
                }, "secret"))
                (field(new_password, &html! {
                    input id="password" name="password" type="password" required[!optional] autofocus
                        minlength=(Password::MIN_CHARS) maxlength=(Password::MAX_CHARS) autocomplete="new-password"
                        aria-describedby="rule";
                }, "password"))
                p.hint id="rule" { (rule) @if optional { " " (may_be_empty) } }
                button { (set) }
            }
        };
        self.whole(welcome, &form, true)
    }

    fn whole(self, title: &str, content: &Markup, script: bool) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.words.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – Stint" }
                    link rel="stylesheet" href={ (self.base) "/forms.css" };
                    @if script { script src={ (self.base) "/welcome.js" } defer {} }
                }
                body {
                    main {
                        p.brand { "Stint" }
                        h1 { (title) }
                        @if let Some(told) = self.told { p.told role="alert" { (told.text(self.words)) } }
                        (content)
                    }
                }
            }
        }
    }
}

fn field(label: &str, input: &Markup, id: &str) -> Markup {
    html! { div.field id={ "field-" (id) } { label for=(id) { (label) } (input) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(accept: &str, told: Option<Told<'static>>) -> String {
        let base = BasePath::try_from("/time".to_owned()).unwrap();
        Page { base: &base, words: Words::accepted(accept), told }.sign_in("<b>ada</b>").into_string()
    }

    #[test]
    fn what_was_typed_is_text_and_urls_begin_with_the_base_path() {
        let page = page("en", Some(Told::Wrong));
        assert!(page.contains(r#"value="&lt;b&gt;ada&lt;/b&gt;""#) && !page.contains("<b>"), "{page}");
        assert!(page.contains(r#"action="/time/sign-in""#) && page.contains(r#"href="/time/forms.css""#), "{page}");
        assert!(page.contains(r#"role="alert">The handle or the password is wrong."#), "{page}");
    }

    #[test]
    fn the_language_is_the_first_that_the_browser_likes() {
        for (accept, language) in [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB,de;q=0.9", "en"),
            ("fr,de;q=0.5,en;q=0.7", "en"),
            ("fr", "en"),
            ("", "en"),
            ("de;q=0", "en"),
            ("DE", "de"),
        ] {
            assert!(page(accept, None).contains(&format!("<html lang=\"{language}\">")), "{accept}");
        }
    }
}
