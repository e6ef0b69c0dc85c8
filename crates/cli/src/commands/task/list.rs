//! `stint task list`: past runs of tasks.

use anyhow::Result;
use serde::Serialize;
use stint_domain::PageSize;
use stint_domain::background::ports::task::{ListTaskRuns, TaskRun, TaskState};

use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Examples:
  stint task list
  stint task list --state dead        runs that a person must look at
  stint task list --task verify_totals --json";

/// List runs of tasks, latest first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Only runs of this task
    #[arg(long)]
    task: Option<String>,
    /// Only runs in this state: `running`, `succeeded`, `failed` or `dead`
    #[arg(long)]
    state: Option<TaskState>,
    /// The most runs to list, 1 to 200
    #[arg(long, default_value = "50", value_parser = size)]
    most: PageSize,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

fn size(text: &str) -> Result<PageSize, String> {
    let size = text.parse().map_err(|error| format!("{error}"))?;
    PageSize::new(size).map_err(|error| error.to_string())
}

/// One line of the list.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    task: String,
    due: String,
    attempt: u32,
    instance: String,
    started_at: String,
    ended_at: Option<String>,
    state: &'static str,
    detail: String,
}

impl From<TaskRun> for Row {
    fn from(run: TaskRun) -> Self {
        Self {
            id: run.id.to_string(),
            task: run.task,
            due: run.due.to_string(),
            attempt: run.attempt,
            instance: run.instance,
            started_at: run.started_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            state: run.state.as_str(),
            detail: run.detail,
        }
    }
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let query = ListTaskRuns { task: self.task, state: self.state, size: self.most, after: None };
        let rows: Vec<Row> = ports.tasks.list(query).await?.items.into_iter().map(Row::from).collect();
        if self.json {
            return Ok(output::line(serde_json::to_string_pretty(&rows)?)?);
        }
        output::line(format_args!("{:<27}  {:<22}  {:<7}  {:<9}  DETAIL", "STARTED", "TASK", "ATTEMPT", "STATE"))?;
        for Row { started_at, task, attempt, state, detail, .. } in rows {
            output::line(format_args!("{started_at:<27}  {task:<22}  {attempt:<7}  {state:<9}  {detail}"))?;
        }
        Ok(())
    }
}
