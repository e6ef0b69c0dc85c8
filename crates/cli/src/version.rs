//! The label of this build, as shown in `--version`, logs and metrics.

/// The label that `STINT_VERSION` gave the build, such as `0.1.0+g13f1674`; without a label, the version of the source.
pub(crate) const VERSION: &str = match option_env!("STINT_VERSION") {
    Some(label) if !label.is_empty() => label,
    _ => env!("CARGO_PKG_VERSION"),
};
