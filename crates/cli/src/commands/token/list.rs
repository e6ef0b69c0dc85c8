//! `stint token list`: all tokens, also expired and revoked ones, and who made them. Sessions and links are not listed, and
//! secrets are not shown.

use anyhow::Result;
use serde::Serialize;
use stint_domain::access::{Token, TokenKind, TokenRefusal};
use stint_domain::capture::CaptureTarget;
use stint_domain::values::Timestamp;

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

const COLUMNS: usize = 9;
const HEADER: [&str; COLUMNS] =
    ["ID", "STATE", "SCOPES", "EXPIRES", "CAPTURES", "LAST USED", "MADE BY", "NAME", "SUBJECT"];

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
    /// The token that made it over the API.
    made_by: Option<String>,
    /// Only for a capture token.
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<Capture>,
}

/// What a token's pings count for, and when it was last used.
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
            scopes: token.scopes.iter().map(stint_domain::access::Scope::as_str).collect(),
            state,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
            made_by: token.made_by.map(|id| id.to_string()),
            capture: Capture::of(token),
        }
    }

    fn cells(&self) -> [String; COLUMNS] {
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
            self.made_by.clone().unwrap_or_else(|| NONE.to_owned()),
            self.name.clone(),
            self.subject.clone(),
        ]
    }
}

impl Args {
    /// Reads one page at a time, so that a hundred thousand tokens need no more memory than a few.
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let now = ports.sources.clock.now();
        let mut print: Box<dyn Print> = if self.json { Box::new(Array::default()) } else { Box::new(Table::new()) };
        let mut pages = ports.all_tokens();
        while let Some(tokens) = pages.next().await? {
            let shown = tokens.iter().filter(|token| matches!(token.kind, TokenKind::Api | TokenKind::Capture));
            print.page(&shown.map(|token| Row::new(token, now)).collect::<Vec<_>>())?;
        }
        print.end()
    }
}

/// Writes rows, one page after the other.
trait Print {
    fn page(&mut self, rows: &[Row]) -> Result<()>;
    fn end(&mut self) -> Result<()>;
}

/// The elements of a JSON array.
#[derive(Default)]
struct Array {
    begun: bool,
}

impl Print for Array {
    fn page(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            let before = if self.begun { ",\n" } else { "[\n" };
            self.begun = true;
            output::text(format_args!("{before}  {}", serde_json::to_string_pretty(row)?.replace('\n', "\n  ")))?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(output::line(if self.begun { "\n]" } else { "[]" })?)
    }
}

/// A table with a header.
struct Table {
    table: output::Table<COLUMNS>,
    begun: bool,
}

impl Table {
    const fn new() -> Self {
        Self { table: output::Table::new(), begun: false }
    }
}

impl Print for Table {
    fn page(&mut self, rows: &[Row]) -> Result<()> {
        let header = (!std::mem::replace(&mut self.begun, true)).then(|| HEADER.map(str::to_owned));
        let lines: Vec<_> = header.into_iter().chain(rows.iter().map(Row::cells)).collect();
        Ok(self.table.lines(&lines)?)
    }

    fn end(&mut self) -> Result<()> {
        if self.begun { Ok(()) } else { self.page(&[]) }
    }
}
