//! A job's name, and the part of a name that a search looks for.

use std::borrow::Cow;

use crate::values::text::{self, TextError, line_of_text};

line_of_text! {
    /// The name of a job: NFC, trimmed, 1 to 120 characters, at least one of them visible, no control characters. Two
    /// jobs may have the same name.
    JobName: 1 to 120
}

impl JobName {
    /// Like [`Self::new`], but shortens a text that is too long.
    pub fn cut(text: &str) -> Result<Self, TextError> {
        let composed = text::composed(text.trim());
        let end = composed.char_indices().nth(Self::MAX_CHARS).map_or(composed.len(), |(end, _)| end);
        Self::new(&composed[..end])
    }

    /// The forms in which the name may be stored: as it is and, if that differs, with its accents decomposed, because
    /// earlier releases stored names as they came in.
    pub fn forms(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let apart = text::decomposed(&self.0);
        [Some(Cow::Borrowed(self.as_str())), apart.map(Cow::Owned)].into_iter().flatten()
    }

    /// The form that searches compare. It is stored beside the name, so that every backend folds case in the same
    /// way.
    pub fn folded(&self) -> String {
        text::folded(&self.0)
    }
}

/// A part of a name to search for, case-insensitively: 1 to 120 characters, no control characters, stored in folded
/// form.
///
/// It has no wildcards: `%` finds names with a per cent sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePart {
    folded: String,
    decomposed: Option<String>,
}

impl NamePart {
    /// Composes and folds `text`. Fails when the result breaks the rule above.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        text::check(&text::composed(text), JobName::MAX_CHARS, &[])?;
        let folded = text::folded(text);
        Ok(Self { decomposed: text::decomposed(&folded), folded })
    }

    /// The folded text, which [`JobName::folded`] must contain.
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// The folded text with its accents decomposed, if it has any. It finds names that an earlier release stored
    /// without composing them.
    pub fn decomposed(&self) -> Option<&str> {
        self.decomposed.as_deref()
    }

    /// Whether `name` contains this part.
    pub fn is_in(&self, name: &JobName) -> bool {
        name.folded().contains(&self.folded)
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
            // How earlier releases folded a decomposed name.
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
