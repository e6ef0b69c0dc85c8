//! A job's name, and the part of a name that a search looks for.

use std::fmt;

use super::text::{self, TextError};

/// What people call a job: trimmed, 1 to 120 characters, no control characters. Two jobs may share a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobName(String);

impl JobName {
    /// The most characters (Unicode scalar values) a name has.
    pub const MAX_CHARS: usize = 120;

    /// Trims `text` and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        text::line(text, Self::MAX_CHARS).map(|name| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
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
pub struct NamePart(String);

impl NamePart {
    /// Folds `text` and takes it when it keeps the rule.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        text::check(text, JobName::MAX_CHARS, &[])?;
        Ok(Self(fold(text)))
    }

    /// The folded text, to be found in [`JobName::folded`].
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` contains this part.
    pub fn is_in(&self, name: &JobName) -> bool {
        name.folded().contains(&self.0)
    }
}

/// Folds character by character, so that what a part is folded to does not depend on what stands beside it: the two
/// small sigmas are one, and ß is ss, as Unicode's full case folding has it. Composed and decomposed accents differ.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            c => folded.push(c),
        }
    }
    folded
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
