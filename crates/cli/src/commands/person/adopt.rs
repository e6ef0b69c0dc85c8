//! `stint person adopt`: gives what was logged under a subject to a person.

use anyhow::{Result, anyhow};
use stint_domain::people::Handle;
use stint_domain::people::ports::person::AdoptError;
use stint_domain::values::Subject;

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Time entries become the person's: `created_by` is the handle afterwards, and each gets a new version. Totals stay. Revoked
tokens with the subject become theirs, too, with their pings. Tokens that are not revoked must be revoked before. Running
services may take them for five seconds more, and pings may wait: repeat the command to give the person the rest.

Examples:
  stint person adopt eve 'eve laptop'
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11 && stint person adopt eve ci";

/// How many tokens a refusal names.
const NAMED: usize = 5;

/// Give what was logged under a subject that is nobody's to a person
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// To whom
    #[arg(value_parser = super::handle)]
    handle: Handle,
    /// The subject, exactly as it stands in `created_by`
    #[arg(value_parser = subject)]
    subject: Subject,
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::new(text).map_err(|error| error.to_string())
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let Self { handle, subject } = self;
        let person = super::find(ports, handle).await?;
        let entries = ports.people().adopt(person.id, subject.clone()).await.map_err(explained)?;
        tracing::info!(person = %person.id, handle = %person.handle, subject = %subject, entries, "adopted a subject");
        Ok(output::line(format_args!("{}: time entries of {subject} that are theirs now: {entries}", person.handle))?)
    }
}

/// The error, and the command that helps.
fn explained(error: AdoptError) -> anyhow::Error {
    let AdoptError::SubjectInUse { tokens, .. } = &error else { return anyhow!(error) };
    let mut ids: Vec<String> = tokens.iter().take(NAMED).map(ToString::to_string).collect();
    if tokens.len() > NAMED {
        ids.push(format!("and {} more, see `stint token list`", tokens.len() - NAMED));
    }
    let ids = ids.join(", ");
    anyhow!(
        "{error}, and would go on logging under it: {ids}; revoke each with `stint token revoke ID`, then repeat this"
    )
}
