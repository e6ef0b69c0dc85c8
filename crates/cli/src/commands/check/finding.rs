//! A finding of a check, and its fix.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Do not deploy this.
    Serious,
    /// Fine, if it is intended.
    Warning,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    what: String,
    fix: String,
}

impl Finding {
    pub(super) fn serious(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Serious, what: what.into(), fix: fix.into() }
    }

    pub(super) fn warning(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Serious => "serious",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}\n         fix: {}", self.what, self.fix)
    }
}
