//! The texts about the provider, in each language.

/// The texts in one language.
pub(in crate::forms) struct ProviderWords {
    /// Followed by the provider's name.
    pub(in crate::forms) sign_in_with: &'static str,
    /// Followed by the provider's name.
    pub(in crate::forms) link_with: &'static str,
    /// Followed by the provider's name.
    pub(in crate::forms) on_to: &'static str,
    pub(in crate::forms) signed_out: &'static str,
    pub(in crate::forms) signed_out_here: &'static str,
    /// Followed by the provider's name.
    pub(in crate::forms) sign_out_at: &'static str,
    pub(in crate::forms) not_signed_in: &'static str,
    pub(in crate::forms) again: &'static str,
    not_begun: &'static str,
    refused: &'static str,
    down: &'static str,
    invalid: &'static str,
    not_linked: &'static str,
    no_role: &'static str,
    no_handle: &'static str,
    signed_out_meanwhile: &'static str,
    identity_taken: &'static str,
    handle_taken: &'static str,
    last_admin: &'static str,
    deactivated: &'static str,
}

/// Why somebody was not signed in through the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The sign-in was not begun in this browser, was used, or took too long.
    NotBegun,
    /// The provider let nobody in.
    Refused,
    /// The provider cannot be reached.
    Down,
    /// What the provider says is not to be believed.
    Invalid,
    /// The account at the provider is nobody's here.
    NotLinked,
    /// The provider gives the account no role.
    NoRole,
    /// The provider tells no name that can be a handle.
    NoHandle,
    /// The person who wanted to link their account is not signed in.
    SignedOut,
    /// The account at the provider is another person's.
    IdentityTaken,
    /// The handle that a new person would get is taken.
    HandleTaken,
    /// The provider would take the role from the last admin.
    LastAdmin,
    /// The account here is deactivated.
    Deactivated,
}

impl Refusal {
    pub(super) fn text(self, words: &ProviderWords) -> &'static str {
        match self {
            Self::NotBegun => words.not_begun,
            Self::Refused => words.refused,
            Self::Down => words.down,
            Self::Invalid => words.invalid,
            Self::NotLinked => words.not_linked,
            Self::NoRole => words.no_role,
            Self::NoHandle => words.no_handle,
            Self::SignedOut => words.signed_out_meanwhile,
            Self::IdentityTaken => words.identity_taken,
            Self::HandleTaken => words.handle_taken,
            Self::LastAdmin => words.last_admin,
            Self::Deactivated => words.deactivated,
        }
    }
}

pub(super) const ENGLISH: ProviderWords = ProviderWords {
    sign_in_with: "Sign in with",
    link_with: "Link this account with",
    on_to: "On to",
    signed_out: "Signed out",
    signed_out_here: "You are signed out here. At the provider you may still be signed in.",
    sign_out_at: "Sign out at",
    not_signed_in: "Not signed in",
    again: "Back to the sign-in",
    not_begun: "This sign-in was not begun in this browser, was used already, or took more than ten minutes. Please \
                sign in again.",
    refused: "The provider did not let you in, or you cancelled.",
    down: "The provider cannot be reached at the moment. Please try again in a minute.",
    invalid: "The provider's answer is not valid. The operator finds the reason in the log.",
    not_linked: "Your account at the provider belongs to nobody here. An admin makes you a link, with which you sign \
                 in the first time.",
    no_role: "Your account at the provider has no role here. An admin of the provider can give you one.",
    no_handle: "The provider tells no name that can be your handle here. An admin makes you a link, with which you \
                sign in.",
    signed_out_meanwhile: "To link an account you must be signed in here. Please sign in first.",
    identity_taken: "This account at the provider belongs to another person here.",
    handle_taken: "A person or a program here has your handle already. If it is yours, sign in as usual and link your \
                   account; else an admin makes you an account with another handle.",
    last_admin: "The provider gives you a role that is no admin's, and you are the last admin here. Make somebody else \
                 an admin first.",
    deactivated: "Your account here is deactivated. Ask an admin.",
};

pub(super) const GERMAN: ProviderWords = ProviderWords {
    sign_in_with: "Anmelden mit",
    link_with: "Dieses Konto verknüpfen mit",
    on_to: "Weiter zu",
    signed_out: "Abgemeldet",
    signed_out_here: "Hier sind Sie abgemeldet. Beim Anbieter sind Sie vielleicht noch angemeldet.",
    sign_out_at: "Abmelden bei",
    not_signed_in: "Nicht angemeldet",
    again: "Zurück zur Anmeldung",
    not_begun: "Diese Anmeldung wurde nicht in diesem Browser begonnen, schon benutzt, oder sie dauerte länger als \
                zehn Minuten. Bitte noch einmal anmelden.",
    refused: "Der Anbieter hat Sie nicht angemeldet, oder Sie haben abgebrochen.",
    down: "Der Anbieter ist zurzeit nicht erreichbar. Bitte in einer Minute wieder versuchen.",
    invalid: "Die Antwort des Anbieters ist nicht gültig. Der Grund steht im Protokoll des Betreibers.",
    not_linked: "Ihr Konto beim Anbieter gehört hier niemandem. Die Verwaltung macht einen Link, mit dem Sie sich das \
                 erste Mal anmelden.",
    no_role: "Ihr Konto beim Anbieter hat hier keine Rolle. Die Verwaltung des Anbieters kann Ihnen eine geben.",
    no_handle: "Der Anbieter nennt keinen Namen, der hier Ihr Kürzel sein kann. Die Verwaltung macht einen Link, mit \
                dem Sie sich anmelden.",
    signed_out_meanwhile: "Um ein Konto zu verknüpfen, müssen Sie hier angemeldet sein. Bitte melden Sie sich zuerst \
                           an.",
    identity_taken: "Dieses Konto beim Anbieter gehört hier einer anderen Person.",
    handle_taken: "Eine Person oder ein Programm hat Ihr Kürzel schon. Ist es Ihres, melden Sie sich wie gewohnt an \
                   und verknüpfen Ihr Konto; sonst macht die Verwaltung ein Konto mit einem anderen Kürzel.",
    last_admin: "Der Anbieter gibt Ihnen eine Rolle ohne Verwaltung, und Sie verwalten Stint als Letzte. Geben Sie die \
                 Verwaltung zuerst weiter.",
    deactivated: "Ihr Konto hier ist deaktiviert. Fragen Sie die Verwaltung.",
};
