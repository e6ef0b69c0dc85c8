//! `stint token create`: makes a token, and shows its secret this one time.

use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use stint_domain::access::services::{Grant, TokenDraft};
use stint_domain::access::{Scope, Scopes};
use stint_domain::capture::{CaptureRule, CaptureTarget};
use stint_domain::values::{JobId, Subject, Zone};

use super::expiry::Expiry;
use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
The secret is printed alone on stdout, once. It cannot be shown again.

Examples:
  stint token create --name ci --scopes read,write
  TOKEN=$(stint token create --name payroll --scopes read --expires 90d)
  stint token create --name laptop --subject ada --scopes read,write --expires 2027-01-01

With --capture, the token can only send pings. Editor plugins take its secret as a key:
  stint token create --name editor --subject ada --capture new-projects --time-zone Europe/Berlin
  curl http://127.0.0.1:8080/ping/$(stint token create --name door --capture 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11)";

/// Create a token and print its secret
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The token's name
    #[arg(long, value_parser = subject)]
    name: Subject,
    /// Its scopes: `read`, `write`, `admin`, separated by commas; `admin` includes the others; or `own` alone, for what its
    /// subject logs
    #[arg(long, required_unless_present = "capture", conflicts_with = "capture", value_parser = scopes)]
    scopes: Option<Scopes>,
    /// Its subject, shown as `created_by` [default: its name]
    #[arg(long, value_parser = subject)]
    subject: Option<Subject>,
    /// When it expires: after a span such as `90d`, or at the beginning (UTC) of a date [default: never]
    #[arg(long)]
    expires: Option<Expiry>,
    /// What its pings count for: a job's id; `projects`, the jobs of their projects; or `new-projects`, which also
    /// creates missing jobs
    #[arg(long, value_name = "JOB|projects|new-projects")]
    capture: Option<Target>,
    /// The IANA time zone whose midnight divides the days of its pings [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "capture")]
    time_zone: Option<Zone>,
}

/// What pings count for, as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target(CaptureTarget);

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "projects" => Ok(Self(CaptureTarget::Projects { create: false })),
            "new-projects" => Ok(Self(CaptureTarget::Projects { create: true })),
            id => match id.parse() {
                Ok(job) => Ok(Self(CaptureTarget::Job(job))),
                Err(_no_id) => Err("must be the id of a job, `projects` or `new-projects`"),
            },
        }
    }
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::new(text).map_err(|error| error.to_string())
}

fn scopes(text: &str) -> Result<Scopes, String> {
    match text.parse::<Scopes>() {
        Ok(scopes) if scopes.allow(Scope::Capture) => Err("`capture` needs to know for what: use --capture".to_owned()),
        Ok(scopes) => Ok(scopes),
        Err(error) => Err(error.to_string()),
    }
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let Self { name, scopes, subject, expires, capture, time_zone } = self;
        let expires_at = expires.map(|expiry| expiry.after(ports.sources.clock.now())).transpose()?;
        let grant = match (capture, scopes) {
            (Some(Target(target)), _) => {
                if let CaptureTarget::Job(job) = target {
                    require_job(ports, job).await?;
                }
                Grant::Capture(CaptureRule { target, zone: time_zone.unwrap_or_default(), gap: ports.limits.gap })
            }
            (None, Some(scopes)) => Grant::Scopes(scopes),
            (None, None) => bail!("either --scopes or --capture must be given"),
        };
        let draft = TokenDraft { name, subject, grant, expires_at, person: None, made_by: None };
        let created = ports.access().tokens.create(draft).await;
        let (token, secret) = created.map_err(|error| anyhow!(error))?;
        tracing::info!(token = %token.id, name = %token.name, scopes = %token.scopes, "created a token");
        Ok(output::line(secret.expose())?)
    }
}

async fn require_job(ports: &Ports, id: JobId) -> Result<()> {
    if ports.has_job(id).await? { Ok(()) } else { bail!("there is no job {id}") }
}
