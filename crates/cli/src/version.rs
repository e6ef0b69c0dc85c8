//! Which build this is, wherever it is shown: `--version`, logs, metrics.

/// The label that `STINT_VERSION` gave the build, such as `0.1.0+g13f1674`; without one, the version of the source.
pub(crate) const VERSION: &str = match option_env!("STINT_VERSION") {
    Some(label) if !label.is_empty() => label,
    _ => env!("CARGO_PKG_VERSION"),
};
