//! `stint token revoke`: the end of a token, and of those that it made.

use anyhow::{Result, anyhow};
use stint_domain::access::ports::token::{Made, Revoked};
use stint_domain::values::TokenId;
use uuid::Uuid;

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
The capture tokens that it made over the API are revoked with it: whoever knows its secret may know theirs. What they
logged stays. Said again without --keep-made, the command also revokes those that were kept the first time.

Examples:
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11 --keep-made";

/// Refuse a token, and those that it made, from now on; running services notice within 5 seconds
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The token's id, as `stint token list` shows it
    id: Uuid,
    /// Leave the capture tokens alone that it made
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
