//! `stint pings dead`: the pings that were set aside, and why.

use anyhow::Result;
use serde::Serialize;
use stint_domain::capture::PingTarget;
use stint_domain::capture::ports::ping_queue::DeadPing;

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Oldest first. A ping that could be read is shown with its id and its job or project, any other only with the reason.

Examples:
  stint pings dead
  stint pings dead --most 1000 --json | jq -r '.[] | select(.reason | test(\"timed out\")) | .receipt'";

/// List pings that were set aside, with the reason
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The most pings to list
    #[arg(long, default_value_t = 100)]
    most: usize,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

/// One line of the list.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    receipt: String,
    ping: Option<String>,
    related_job: Option<String>,
    project: Option<String>,
    at: Option<String>,
    received_at: Option<String>,
    buried_at: String,
    reason: String,
}

impl From<DeadPing> for Row {
    fn from(dead: DeadPing) -> Self {
        // An item that is not a ping may hold anything, so nothing of it is shown.
        let ping = dead.ping.ok();
        let (related_job, project) = match ping.as_ref().map(|ping| &ping.target) {
            Some(PingTarget::Job(job)) => (Some(job.to_string()), None),
            Some(PingTarget::Project { project, .. }) => (None, project.named().map(|name| name.as_str().to_owned())),
            None => (None, None),
        };
        Self {
            receipt: dead.receipt.0,
            ping: ping.as_ref().map(|ping| ping.id.to_string()),
            related_job,
            project,
            at: ping.as_ref().map(|ping| ping.at.to_string()),
            received_at: ping.as_ref().map(|ping| ping.received_at.to_string()),
            buried_at: dead.buried_at.to_string(),
            reason: dead.reason,
        }
    }
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let rows: Vec<Row> = ports.capture.queue.dead(self.most).await?.into_iter().map(Row::from).collect();
        if self.json {
            return Ok(output::line(serde_json::to_string_pretty(&rows)?)?);
        }
        output::line(table(&rows))?;
        Ok(())
    }
}

/// The reason comes last, because it may be long.
fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.receipt.chars().count()).max().unwrap_or_default().max("RECEIPT".len());
    let mut lines = vec![format!("{:<width$}  {:<27}  {:<36}  {:<36}  REASON", "RECEIPT", "BURIED", "PING", "FOR")];
    lines.extend(rows.iter().map(|row| {
        let what_for = row.related_job.as_ref().or(row.project.as_ref()).map_or("-", String::as_str);
        let ping = row.ping.as_deref().unwrap_or("-");
        format!("{:<width$}  {:<27}  {ping:<36}  {what_for:<36}  {}", row.receipt, row.buried_at, row.reason)
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use stint_domain::capture::ports::ping_queue::Receipt;
    use stint_domain::capture::{Gap, Ping, PingProject};
    use stint_domain::ledger::JobName;
    use stint_domain::values::{Subject, Timestamp, Zone};

    use super::*;

    #[test]
    fn a_dead_ping_says_what_it_was_for_and_why_it_died() {
        let at = Timestamp::from_micros(0).unwrap();
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let ping = Ping {
            id: id.parse().unwrap(),
            token: id.parse().unwrap(),
            subject: Subject::new("ada").unwrap(),
            target: PingTarget::Project { project: PingProject::Named(JobName::new("stint").unwrap()), create: false },
            zone: Zone::default(),
            gap: Gap::default(),
            at,
            received_at: at,
            minutes: None,
            summary: None,
        };
        let dead = |receipt: &str, ping| {
            let (receipt, reason) = (Receipt(receipt.to_owned()), "cannot be logged".to_owned());
            Row::from(DeadPing { receipt, ping, reason, buried_at: at })
        };
        let rows = [dead("1700000000000-0", Ok(ping)), dead("2", Err("secret".to_owned()))];
        let table = table(&rows);
        let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["RECEIPT", "BURIED", "PING", "FOR", "REASON"]);
        let buried = "1970-01-01T00:00:00.000000Z";
        assert_eq!(words[1], ["1700000000000-0", buried, id, "stint", "cannot", "be", "logged"]);
        assert_eq!(words[2], ["2", buried, "-", "-", "cannot", "be", "logged"]);
    }
}
