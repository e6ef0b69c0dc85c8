//! Logs: text for people in development, JSON for machines in deployment, always on stderr. Stdout is for data. Traces
//! are deliberately absent: nothing here calls another service.

mod json;
mod turn;

use std::io::{self, IsTerminal};
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

pub(crate) use self::turn::write_at_ends;
use crate::settings::LogSettings;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Which events are logged: a level, or levels by module. Not by span or field: who decides by these looks at every span,
/// several times per request, under a lock that all threads share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LogFilter(String);

#[derive(Debug, Error)]
#[error("must be a level or levels by module, such as `info,stint_web=debug`")]
pub(crate) struct LogFilterError;

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        targets(text).map(|_| Self(text.to_owned()))
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;

    fn try_from(text: String) -> Result<Self, LogFilterError> {
        text.parse()
    }
}

impl LogFilter {
    /// Whether everything, or all of Stint's own code, logs so much detail that it is slow and may show what users
    /// wrote.
    pub(crate) fn is_verbose(&self) -> bool {
        self.0.split(',').any(|directive| matches!(directive.trim(), "debug" | "trace"))
    }
}

/// Starts logging, once per process.
pub(crate) fn start(settings: &LogSettings) -> Result<(), LogFilterError> {
    // It would log everything that anybody sends to the port. `server` counts that, and limits its log lines.
    let level = format!("{},actix_http::h1::dispatcher=off", settings.level.0);
    tracing_subscriber::registry().with(targets(&level)?).with(lines(settings.format)).init();
    log_panics();
    Ok(())
}

fn targets(text: &str) -> Result<Targets, LogFilterError> {
    // It would be part of a module's name, which no module has.
    if text.contains(['[', '{', ' ']) {
        return Err(LogFilterError);
    }
    let levels: Vec<_> = text.split(',').filter(|level| !level.is_empty()).collect();
    levels.join(",").parse().map_err(|_malformed| LogFilterError)
}

fn lines(format: LogFormat) -> Box<dyn Layer<Layered<Targets, Registry>> + Send + Sync> {
    let lines = fmt::layer().with_writer(turn::Lines);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_target(false).boxed(),
        LogFormat::Json => lines.fmt_fields(json::Members).event_format(json::JsonLines).boxed(),
    }
}

/// Logs a panic as a line like any other, so that a deployment's log stays one JSON object per line.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let reason = panic.payload_as_str().unwrap_or("no reason given");
        tracing::error!(place, reason, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_by_module_and_nothing_else() {
        for good in ["info", "WARN", "info,stint_web=debug", "stint_web=off,,error", "off"] {
            assert!(good.parse::<LogFilter>().is_ok(), "{good}");
        }
        for bad in ["[request]=debug", "stint_web[{token}]=info", "info, stint_web=debug", "a=b", "a=b=c"] {
            assert!(bad.parse::<LogFilter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_general_level_is_verbose() {
        let verbose = |text: &str| text.parse::<LogFilter>().unwrap().is_verbose();
        assert!(verbose("debug"));
        assert!(verbose("stint_web=info,trace"));
        assert!(!verbose("info,stint_web=debug"));
    }
}
