//! `stint token list`: every token there ever was, without secrets.

use anyhow::Result;
use serde::Serialize;
use stint_domain::values::{CaptureTarget, Timestamp};
use stint_domain::{Token, TokenRefusal};

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Examples:
  stint token list
  stint token list --json | jq -r '.[] | select(.state == \"active\") | .id'";

/// List all tokens, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    subject: String,
    scopes: Vec<&'static str>,
    state: &'static str,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// Of a token that captures alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<Capture>,
}

/// What a token's pings count for, and whether there were any.
#[derive(Serialize)]
struct Capture {
    /// A job's id, `projects` or `new-projects`, as `token create --capture` takes it.
    target: String,
    time_zone: &'static str,
    gap_seconds: u32,
    last_used_at: Option<String>,
}

impl Capture {
    fn of(token: &Token) -> Option<Self> {
        let rule = token.capture?;
        Some(Self {
            target: match rule.target {
                CaptureTarget::Job(job) => job.to_string(),
                CaptureTarget::Projects { create: false } => "projects".to_owned(),
                CaptureTarget::Projects { create: true } => "new-projects".to_owned(),
            },
            time_zone: rule.zone.as_str(),
            gap_seconds: rule.gap.as_secs(),
            last_used_at: token.last_used_at.map(|at| at.to_string()),
        })
    }
}

impl Row {
    fn new(token: &Token, now: Timestamp) -> Self {
        let state = match token.check(now) {
            Ok(()) => "active",
            Err(TokenRefusal::Expired(_)) => "expired",
            Err(TokenRefusal::Revoked(_)) => "revoked",
        };
        Self {
            id: token.id.to_string(),
            name: token.name.to_string(),
            subject: token.subject.to_string(),
            scopes: token.scopes.iter().map(stint_domain::Scope::as_str).collect(),
            state,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
            capture: Capture::of(token),
        }
    }

    fn cells(&self) -> [String; 8] {
        const NONE: &str = "-";
        let (target, last_used) = match &self.capture {
            None => (NONE, NONE),
            Some(capture) => (capture.target.as_str(), capture.last_used_at.as_deref().unwrap_or("never")),
        };
        [
            self.id.clone(),
            self.state.to_owned(),
            self.scopes.join(","),
            self.expires_at.clone().unwrap_or_else(|| "never".to_owned()),
            target.to_owned(),
            last_used.to_owned(),
            self.name.clone(),
            self.subject.clone(),
        ]
    }
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let now = ports.clock.now();
        let rows: Vec<_> = ports.token_service().list().await?.iter().map(|token| Row::new(token, now)).collect();
        if self.json {
            return Ok(output::line(serde_json::to_string_pretty(&rows)?)?);
        }
        let header =
            ["ID", "STATE", "SCOPES", "EXPIRES", "CAPTURES", "LAST USED", "NAME", "SUBJECT"].map(str::to_owned);
        let table: Vec<_> = std::iter::once(header).chain(rows.iter().map(Row::cells)).collect();
        for cells in &table {
            let padded = cells.iter().enumerate().map(|(column, cell)| {
                let width = table.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
                format!("{cell:<width$}")
            });
            output::line(padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}
