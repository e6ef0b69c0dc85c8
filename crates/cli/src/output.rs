//! The only place that writes to stdout. It also writes the lines on stderr that are not log lines.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// One line of data.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Data without a line end.
pub(crate) fn text(text: impl Display) -> io::Result<()> {
    write!(io::stdout(), "{text}")
}

/// A table whose columns are as wide as the values so far; a later page may widen them.
pub(crate) struct Table<const COLUMNS: usize> {
    widths: [usize; COLUMNS],
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) const fn new() -> Self {
        Self { widths: [0; COLUMNS] }
    }

    /// Writes these lines as data.
    pub(crate) fn lines(&mut self, lines: &[[String; COLUMNS]]) -> io::Result<()> {
        for cells in lines {
            for (width, cell) in self.widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for cells in lines {
            let padded = cells.iter().zip(self.widths).map(|(cell, width)| format!("{cell:<width$}"));
            line(padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// One line on stderr for a person.
pub(crate) fn hint(text: impl Display) -> io::Result<()> {
    writeln!(io::stderr(), "{text}")
}

/// Writes the error and its causes in one line, and returns the exit status.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    // The reader of the pipe has closed it, as in `stint settings | head -1`.
    if error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_closed_pipe)) {
        return ExitCode::SUCCESS;
    }
    // If stderr is closed too, nobody can be told.
    let _ = hint(format_args!("stint: {}", one_line(error)));
    ExitCode::FAILURE
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

/// The error and its causes, each once: some layers repeat their cause's text in their own.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text += ": ";
        }
        text += &cause;
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn an_error_is_one_line_that_says_each_cause_once() {
        let error = anyhow!("connection refused\n\tIs the server running?").context("postgres: unavailable");
        assert_eq!(one_line(&error), "postgres: unavailable: connection refused Is the server running?");
        let repeating = anyhow!("no route").context("cannot connect: no route");
        assert_eq!(one_line(&repeating), "cannot connect: no route");
    }
}
