//! The pages on which people sign in and use links. They are made here, need no script, and load nothing from elsewhere.
//!
//! `words` has their texts, in English and German.

mod words;

use maud::{DOCTYPE, Markup, html};
use stint_domain::people::{Password, Person};

pub(crate) use words::{Refusal, Told, Words};

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
    /// What people call the provider, if there is one.
    pub(crate) provider: Option<&'a str>,
    /// Whether people have passwords here.
    pub(crate) passwords: bool,
}

impl Page<'_> {
    /// Asks for handle and password, or leads to the provider.
    pub(crate) fn sign_in(self, handle: &str) -> Markup {
        let Words { sign_in, handle: label, password, forgotten, provider: of_provider, .. } = self.words;
        let form = html! {
            @if self.passwords {
                form method="post" action={ (self.base) "/sign-in" } {
                    (field(label, &html! {
                        input id="handle" name="handle" value=(handle) required autofocus[handle.is_empty()]
                            maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false";
                    }, "handle"))
                    (field(password, &html! {
                        input id="password" name="password" type="password" required autofocus[!handle.is_empty()]
                            maxlength=(Password::MAX_CHARS) autocomplete="current-password";
                    }, "password"))
                    button { (sign_in) }
                }
            }
            @if let Some(name) = self.provider {
                @let class = if self.passwords { "button second" } else { "button" };
                a class=(class) href={ (self.base) "/auth/oidc/start" } {
                    (of_provider.sign_in_with) " " (name)
                }
            }
            @if self.passwords { p.hint { (forgotten) } }
        };
        self.whole(sign_in, &form, false)
    }

    /// Says who has signed in.
    pub(crate) fn signed_in(self, person: &Person) -> Markup {
        let Words { signed_in, signed_in_as, sign_out, reference, provider: of_provider, .. } = self.words;
        let about = html! {
            p { (signed_in_as) " " strong { (person.name) } " (" (person.handle) ")." }
            form method="post" action={ (self.base) "/sign-out" } { button.second { (sign_out) } }
            @if let Some(name) = self.provider {
                form method="post" action={ (self.base) "/auth/oidc/start" } {
                    button.second { (of_provider.link_with) " " (name) }
                }
            }
            p.hint { a href={ (self.base) "/docs" } { (reference) } }
        };
        self.whole(signed_in, &about, false)
    }

    /// Asks for a link's secret and, unless it is `optional`, a new password; or leads to the provider with the secret.
    pub(crate) fn welcome(self, secret: &str, optional: bool) -> Markup {
        let Words { welcome, secret: secret_label, new_password, rule, optional: may_be_empty, set, .. } = self.words;
        let form = html! {
            form method="post" action={ (self.base) "/welcome" } {
                (field(secret_label, &html! {
                    input id="secret" name="secret" value=(secret) required maxlength="100" autocomplete="off"
                        autocapitalize="none" spellcheck="false";
                }, "secret"))
                @if self.passwords || optional {
                    (field(new_password, &html! {
                        input id="password" name="password" type="password" required[!optional] autofocus
                            minlength=(Password::MIN_CHARS) maxlength=(Password::MAX_CHARS) autocomplete="new-password"
                            aria-describedby="rule";
                    }, "password"))
                    p.hint id="rule" { (rule) @if optional { " " (may_be_empty) } }
                    button { (set) }
                }
                @if let Some(name) = self.provider {
                    button.second formaction={ (self.base) "/auth/oidc/start" } formnovalidate {
                        (self.words.provider.sign_in_with) " " (name)
                    }
                }
            }
        };
        self.whole(welcome, &form, true)
    }

    /// Leads a browser to the provider. A redirect after a form would be held back by the policy of the form's page.
    pub(crate) fn going_on(self, url: &str) -> Markup {
        let title = format!("{} {}", self.words.provider.on_to, self.provider.unwrap_or_default());
        let refresh = html! { meta http-equiv="refresh" content={ "0; url=" (url) }; };
        let link = html! { a.button href=(url) { (title) } };
        self.whole_with(&title, &link, false, &refresh)
    }

    /// Says that somebody has signed out, and where they may go on to sign out at the provider.
    pub(crate) fn signed_out(self, url: &str) -> Markup {
        let of_provider = &self.words.provider;
        let about = html! {
            p { (of_provider.signed_out_here) }
            a.button.second href=(url) { (of_provider.sign_out_at) " " (self.provider.unwrap_or_default()) }
            p.hint { a href={ (self.base) "/sign-in" } { (of_provider.again) } }
        };
        self.whole(of_provider.signed_out, &about, false)
    }

    /// Says why somebody was not signed in through the provider, with the code of the problem.
    pub(crate) fn not_signed_in(self, code: &str) -> Markup {
        let of_provider = &self.words.provider;
        let about = html! {
            a.button.second href={ (self.base) "/sign-in" } { (of_provider.again) }
            p.hint { code { (code) } }
        };
        self.whole(of_provider.not_signed_in, &about, false)
    }

    fn whole(self, title: &str, content: &Markup, script: bool) -> Markup {
        self.whole_with(title, content, script, &Markup::default())
    }

    fn whole_with(self, title: &str, content: &Markup, script: bool, head: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.words.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – Stint" }
                    link rel="stylesheet" href={ (self.base) "/forms.css" };
                    (head)
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
        let words = Words::accepted(accept);
        Page { base: &base, words, told, provider: None, passwords: true }.sign_in("<b>ada</b>").into_string()
    }

    #[test]
    fn what_was_typed_is_text_and_urls_begin_with_the_base_path() {
        let page = page("en", Some(Told::Wrong));
        assert!(page.contains(r#"value="&lt;b&gt;ada&lt;/b&gt;""#) && !page.contains("<b>"), "{page}");
        assert!(page.contains(r#"action="/time/sign-in""#) && page.contains(r#"href="/time/forms.css""#), "{page}");
        assert!(page.contains(r#"role="alert">The handle or the password is wrong."#), "{page}");
    }

    #[test]
    fn the_provider_stands_beside_passwords_or_in_their_place() {
        let (base, words) = (BasePath::try_from("/time".to_owned()).unwrap(), Words::accepted("en"));
        let page = |provider, passwords| Page { base: &base, words, told: None, provider, passwords };
        let both = page(Some("<Id>"), true).sign_in("").into_string();
        assert!(both.contains(r#"name="password""#), "{both}");
        assert!(both.contains(r#"href="/time/auth/oidc/start">Sign in with &lt;Id&gt;</a>"#), "{both}");
        let alone = page(Some("Id"), false).sign_in("").into_string();
        assert!(!alone.contains("password") && alone.contains("Sign in with Id"), "{alone}");
        let link = page(Some("Id"), false).welcome("", false).into_string();
        assert!(!link.contains("password") && link.contains(r#"name="secret""#), "{link}");
        assert!(link.contains(r#"formaction="/time/auth/oidc/start""#), "{link}");
        let going = page(Some("Id"), false).going_on("https://id/?a=b&c=\"d").into_string();
        assert!(going.contains(r#"content="0; url=https://id/?a=b&amp;c=&quot;d""#), "{going}");
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
