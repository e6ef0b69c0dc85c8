//! What the process knows besides the text: its variables, its user and that user's home. Tests make up their own.

use std::path::PathBuf;

type Variable = Box<dyn Fn(&str) -> Option<String>>;

pub(super) struct Environment {
    variable: Variable,
    home: Option<PathBuf>,
    user: Option<String>,
}

impl Environment {
    pub(super) fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        Self { variable: Box::new(variable), home: std::env::home_dir(), user: whoami::username().ok() }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// A file of the user's home.
    pub(super) fn at_home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)], home: Option<&std::path::Path>) -> Self {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let variable =
            move |name: &str| variables.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.clone());
        Self { variable: Box::new(variable), home: home.map(PathBuf::from), user: Some("me".to_owned()) }
    }
}
