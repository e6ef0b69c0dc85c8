//! The texts of the pages, in each language.

mod provider;

use self::provider::ProviderWords;
pub(crate) use self::provider::Refusal;

/// The texts in one language.
pub(crate) struct Words {
    /// Its tag (RFC 5646).
    pub(crate) language: &'static str,
    pub(super) sign_in: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) signed_in: &'static str,
    pub(super) signed_in_as: &'static str,
    pub(super) reference: &'static str,
    pub(super) handle: &'static str,
    pub(super) password: &'static str,
    pub(super) forgotten: &'static str,
    pub(super) welcome: &'static str,
    pub(super) secret: &'static str,
    pub(super) new_password: &'static str,
    pub(super) rule: &'static str,
    pub(super) optional: &'static str,
    pub(super) set: &'static str,
    pub(super) provider: ProviderWords,
    wrong: &'static str,
    too_many: &'static str,
    unusable: &'static str,
    length: &'static str,
    weak: &'static str,
    cross_site: &'static str,
    no_form: &'static str,
    no_passwords: &'static str,
}

/// What went wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    /// The handle or the password is wrong.
    Wrong,
    /// There were too many wrong passwords.
    TooMany,
    /// The link cannot be used.
    Unusable,
    /// The new password is too short or too long.
    Length,
    /// The new password is easy to guess, for this reason, which there is in English alone.
    Weak(&'a str),
    /// The form was sent by a page of another site.
    CrossSite,
    /// What was sent is not the form.
    NoForm,
    /// Nobody has a password here.
    NoPasswords,
    /// Somebody was not signed in through the provider.
    Provider(Refusal),
}

impl Told<'_> {
    pub(super) fn text(self, words: &Words) -> String {
        match self {
            Self::Wrong => words.wrong.to_owned(),
            Self::TooMany => words.too_many.to_owned(),
            Self::Unusable => words.unusable.to_owned(),
            Self::Length => words.length.to_owned(),
            Self::Weak(why) if words.language == ENGLISH.language => {
                format!("{}: {why}.", words.weak.trim_end_matches('.'))
            }
            Self::Weak(_) => words.weak.to_owned(),
            Self::CrossSite => words.cross_site.to_owned(),
            Self::NoForm => words.no_form.to_owned(),
            Self::NoPasswords => words.no_passwords.to_owned(),
            Self::Provider(refusal) => refusal.text(&words.provider).to_owned(),
        }
    }
}

const ENGLISH: Words = Words {
    language: "en",
    sign_in: "Sign in",
    sign_out: "Sign out",
    signed_in: "Signed in",
    signed_in_as: "You are signed in as",
    reference: "What programs can do here",
    handle: "Handle",
    password: "Password",
    forgotten: "No password yet, or forgotten? An admin makes you a link.",
    welcome: "Welcome",
    secret: "The part of your link after #",
    new_password: "New password",
    rule: "At least 10 characters; spaces count. A few words that do not belong together are hard to guess.",
    optional: "In development it may stay empty.",
    set: "Set password and sign in",
    provider: provider::ENGLISH,
    wrong: "The handle or the password is wrong.",
    too_many: "There were too many wrong passwords. Try again in an hour.",
    unusable: "This link is unknown, used or expired. An admin makes you a new one.",
    length: "The password must have 10 to 256 characters.",
    weak: "This password is too easy to guess.",
    cross_site: "The form must be sent from this page. Please send it again.",
    no_form: "What was sent is not this form. Please send it again.",
    no_passwords: "Nobody has a password here. Please sign in with the provider.",
};

const GERMAN: Words = Words {
    language: "de",
    sign_in: "Anmelden",
    sign_out: "Abmelden",
    signed_in: "Angemeldet",
    signed_in_as: "Angemeldet als",
    reference: "Was Programme hier können",
    handle: "Kürzel",
    password: "Passwort",
    forgotten: "Noch kein Passwort, oder vergessen? Einen Link dafür macht die Verwaltung.",
    welcome: "Willkommen",
    secret: "Der Teil des Links nach #",
    new_password: "Neues Passwort",
    rule: "Mindestens 10 Zeichen; Leerzeichen zählen. Ein paar Wörter, die nicht zusammengehören, sind schwer zu erraten.",
    optional: "In der Entwicklung darf es leer bleiben.",
    set: "Passwort setzen und anmelden",
    provider: provider::GERMAN,
    wrong: "Kürzel oder Passwort ist falsch.",
    too_many: "Es waren zu viele falsche Passwörter. Bitte in einer Stunde wieder versuchen.",
    unusable: "Dieser Link ist unbekannt, benutzt oder abgelaufen. Einen neuen macht die Verwaltung.",
    length: "Das Passwort muss 10 bis 256 Zeichen haben.",
    weak: "Dieses Passwort ist zu leicht zu erraten.",
    cross_site: "Das Formular muss von dieser Seite kommen. Bitte noch einmal absenden.",
    no_form: "Was ankam, ist nicht dieses Formular. Bitte noch einmal absenden.",
    no_passwords: "Hier hat niemand ein Passwort. Bitte mit dem Anbieter anmelden.",
};

static LANGUAGES: [Words; 2] = [ENGLISH, GERMAN];

impl Words {
    /// The language that an `Accept-Language` likes best (RFC 9110, section 12.5.4); English, if it likes none of them.
    pub(crate) fn accepted(accept: &str) -> &'static Self {
        let mut best: Option<(u16, &'static Self)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next().unwrap_or_default().split('-').next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), thousandths);
            let known = LANGUAGES.iter().find(|words| words.language.eq_ignore_ascii_case(primary));
            if let (Some(words), Some(weight @ 1..)) = (known, weight)
                && best.is_none_or(|(other, _)| weight > other)
            {
                best = Some((weight, words));
            }
        }
        best.map_or(&LANGUAGES[0], |(_, words)| words)
    }
}

/// A weight such as `0.85`.
fn thousandths(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok()?;
    // Within the range, so nothing is cut off but the fourth digit.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1000")]
    (0.0..=1.0).contains(&weight).then_some((weight * 1000.0) as u16)
}
