//! `stint person list`: all people, deactivated ones included.

use anyhow::{Context, Result};
use serde::Serialize;
use stint_domain::PageSize;
use stint_domain::people::Person;
use stint_domain::people::ports::person::ListPeople;

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Examples:
  stint person list
  stint person list --json | jq -r '.[] | select(.role == \"admin\") | .handle'";

/// List all people, oldest account first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// A person, as it is printed.
#[derive(Serialize)]
pub(super) struct Row {
    id: String,
    pub(super) handle: String,
    name: String,
    email: Option<String>,
    role: &'static str,
    status: &'static str,
    time_zone: &'static str,
    week_starts_on: &'static str,
    created_at: String,
}

impl From<&Person> for Row {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.to_string(),
            handle: person.handle.to_string(),
            name: person.name.to_string(),
            email: person.email.as_ref().map(ToString::to_string),
            role: person.role.as_str(),
            status: person.status.as_str(),
            time_zone: person.time_zone.as_str(),
            week_starts_on: person.week_starts_on.as_str(),
            created_at: person.created_at.to_string(),
        }
    }
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let (people, mut rows) = (ports.people(), Vec::new());
        let mut query = Some(ListPeople { size: PageSize::LARGEST, ..ListPeople::default() });
        while let Some(asked) = query.take() {
            let page = people.list(asked).await.context("cannot list people")?;
            rows.extend(page.items.iter().map(Row::from));
            query = page.next.map(|after| ListPeople { after: Some(after), ..asked });
        }
        if self.json {
            return Ok(output::line(serde_json::to_string_pretty(&rows)?)?);
        }
        let header = ["HANDLE", "ROLE", "STATUS", "NAME"].map(str::to_owned);
        let cells = rows.into_iter().map(|row| [row.handle, row.role.to_owned(), row.status.to_owned(), row.name]);
        Ok(output::Table::new().lines(&std::iter::once(header).chain(cells).collect::<Vec<_>>())?)
    }
}
