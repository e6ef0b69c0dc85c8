//! A job's name, and the part of a name that a search looks for.

use std::borrow::Cow;
use std::fmt;

use crate::values::text;
use crate::values::text::TextError;

/// What people call a job: NFC, trimmed, 1 to 120 characters, one of them visible, no control characters. Two jobs may
/// share a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobName(String);

impl JobName {
    /// The most characters (Unicode scalar values) a name has.
    pub const MAX_CHARS: usize = 120;

    /// Composes and trims `text`, and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// The same of as much of `text` as a name can hold.
    pub fn cut(text: &str) -> Result<Self, TextError> {
        let composed = text::composed(text.trim());
        let end = composed.char_indices().nth(Self::MAX_CHARS).map_or(composed.len(), |(end, _)| end);
        Self::new(&composed[..end])
    }

    /// A name that is stored already: it was taken by a rule that may have been another.
    pub fn stored(text: &str) -> Result<Self, TextError> {
        text::stored_line(text, Self::MAX_CHARS).map(|name| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ways in which it may be stored: as it is, and, if that is another, with its accents taken apart, as a name was
    /// that came in before names were composed.
    pub fn forms(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let apart = text::decomposed(&self.0);
        [Some(Cow::Borrowed(self.as_str())), apart.map(Cow::Owned)].into_iter().flatten()
    }

    /// The form that searches compare: stored beside the name, so that every backend folds case alike.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of a name to search for, case-insensitively: 1 to 120 characters, no control characters, already folded.
///
/// Nothing in it is a wildcard: `%` finds names with a per cent sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePart {
    folded: String,
    decomposed: Option<String>,
}

impl NamePart {
    /// Composes and folds `text`, and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        text::check(&text::composed(text), JobName::MAX_CHARS, &[])?;
        let folded = fold(text);
        Ok(Self { decomposed: text::decomposed(&folded), folded })
    }

    /// The folded text, to be found in [`JobName::folded`].
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// The same with its accents taken apart, if it has any: so it is found in the folded form of a name that was stored
    /// before names were composed.
    pub fn decomposed(&self) -> Option<&str> {
        self.decomposed.as_deref()
    }

    /// Whether `name` contains this part.
    pub fn is_in(&self, name: &JobName) -> bool {
        name.folded().contains(&self.folded)
    }
}

/// Folds character by character, so that what a part is folded to does not depend on what stands beside it: the two
/// small sigmas are one, and ß is ss, as Unicode's full case folding has it. Accents are composed, before and after:
/// some letters have a composed form in one case alone.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text::composed(text).chars().flat_map(char::to_lowercase) {
        match c {
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            c => folded.push(c),
        }
    }
    match text::composed(&folded) {
        Cow::Borrowed(_) => folded,
        Cow::Owned(composed) => composed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded_in_characters() {
        assert_eq!(JobName::new("  Päckchen \n").unwrap().as_str(), "Päckchen");
        assert_eq!(JobName::new(" \t"), Err(TextError::Empty));
        assert!(JobName::new(&"ä".repeat(120)).is_ok());
        assert_eq!(JobName::new(&"ä".repeat(121)), Err(TextError::TooLong { max: 120, actual: 121 }));
        assert_eq!(JobName::new("a\0b"), Err(TextError::Control { character: '\0' }));
    }

    #[test]
    fn folding_a_part_does_not_depend_on_its_neighbours() {
        let finds = |part: &str, name: &str| NamePart::new(part).unwrap().is_in(&JobName::new(name).unwrap());
        assert!(finds("ΑΣ", "ΑΣΑ") && finds("ας", "ΑΣΑ") && finds("STRASSE", "Straße") && finds("straße", "STRASSE"));
    }

    #[test]
    fn composed_and_decomposed_names_are_one_and_found_by_either() {
        let (composed, apart) = ("Büro ǰ", "Bu\u{308}ro j\u{30c}");
        assert_eq!(JobName::new(composed), JobName::new(apart));
        assert_eq!(JobName::stored(apart).unwrap().as_str(), apart);
        for part in ["BÜRO", "bu\u{308}RO", "J\u{30c}", "ǰ"] {
            let part = NamePart::new(part).unwrap();
            assert!(
                part.is_in(&JobName::new(apart).unwrap()) && part.is_in(&JobName::stored(apart).unwrap()),
                "{part:?}"
            );
            // What the releases before folded a decomposed name to.
            assert!(apart.to_lowercase().contains(part.decomposed().unwrap()), "{part:?}");
        }
        assert_eq!(NamePart::new("buro").unwrap().decomposed(), None);
    }

    #[test]
    fn a_name_is_cut_after_it_is_composed() {
        let apart = "u\u{308}".repeat(130);
        assert_eq!(JobName::cut(&apart).unwrap().as_str(), "ü".repeat(120));
        assert_eq!(JobName::cut(" stint ").unwrap().as_str(), "stint");
        assert_eq!(JobName::cut("\u{200b}"), Err(TextError::Invisible));
    }

    #[test]
    fn wildcards_are_plain_characters() {
        let name = JobName::new("100% Ärger").unwrap();
        assert!(NamePart::new("% ä").unwrap().is_in(&name));
        assert!(!NamePart::new("_").unwrap().is_in(&name));
    }

    proptest! {
        #[test]
        fn an_accepted_name_is_accepted_again_unchanged(text in ".{0,200}") {
            if let Ok(name) = JobName::new(&text) {
                prop_assert_eq!(JobName::new(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=120).contains(&name.as_str().chars().count()));
            }
        }

        #[test]
        fn any_part_of_a_name_finds_it_whatever_the_case(text in "[ -~À-ÖØ-öø-ÿΑ-ΡΣ-Ωα-ωа-яА-Яẞ]{3,40}", from in 0usize..3, length in 1usize..9) {
            if let Ok(name) = JobName::new(&text) {
                let part: String = name.as_str().chars().skip(from).take(length).collect();
                for part in [part.to_uppercase(), part.to_lowercase(), part] {
                    if let Ok(part) = NamePart::new(&part) {
                        prop_assert!(part.is_in(&name), "{:?} in {:?}", part, name);
                    }
                }
            }
        }
    }
}
