//! `stint check deploy`: checks that an experienced operator would make before traffic arrives.
//!
//! It checks only what this process can see. Firewalls, proxies and backups are deliberately left out.

mod database;
mod files;
mod people;
mod provider;
mod queues;
mod reach;
mod redis;
mod settings;

use std::process::ExitCode;

use anyhow::Result;

use super::finding::{Finding, Severity};
use crate::commands::configure;
use crate::output;

pub(super) async fn run() -> Result<ExitCode> {
    let configuration = configure()?;
    let mut findings = settings::look(&configuration);
    findings.extend(files::look(&configuration));
    findings.extend(provider::look(&configuration.settings));
    findings.extend(database::look(&configuration.settings).await);
    findings.extend(redis::look(&configuration.settings).await);
    findings.sort_by_key(|finding| finding.severity);

    for finding in &findings {
        output::line(finding)?;
    }
    let serious = findings.iter().filter(|finding| finding.severity == Severity::Serious).count();
    match findings.len() {
        0 => output::line("nothing found")?,
        all => output::line(format_args!("findings: {all}, serious: {serious}"))?,
    }
    Ok(if serious == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
