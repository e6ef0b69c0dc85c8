//! `stint token revoke`: revokes a token and the tokens that it made.

use anyhow::{Result, anyhow};
use stint_domain::access::ports::token::{Made, Revoked};
use stint_domain::values::TokenId;
use uuid::Uuid;

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
The capture tokens that it made over the API are revoked too: anyone who knows its secret may know theirs. The time that
they logged stays. Repeated without --keep-made, the command also revokes tokens that were kept before.

Examples:
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11 --keep-made";

/// Revoke a token and the tokens that it made; running services refuse them within 5 seconds
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The token's id, as `stint token list` shows it
    id: Uuid,
    /// Keep the capture tokens that it made
    #[arg(long)]
    keep_made: bool,
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let Self { id, keep_made } = self;
        let made = if keep_made { Made::Keep } else { Made::Revoke };
        let Revoked { token, made } = ports.access().tokens.revoke(TokenId::new(id), made).await?;
        let at = token.revoked_at.ok_or_else(|| anyhow!("the token {id} is not revoked"))?;
        let with_it = match made {
            0 => String::new(),
            1 => ", and 1 token that it made".to_owned(),
            many => format!(", and {many} tokens that it made"),
        };
        Ok(output::line(format_args!("revoked {id} ({}) at {at}{with_it}", token.name))?)
    }
}
