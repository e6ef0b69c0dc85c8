//! Task runs. A unique constraint lets one instance begin each run. As there is one writer, the transaction lets one
//! run of a task go on at a time.

use async_trait::async_trait;
use diesel::dsl::{AsSelect, SqlTypeOf, exists};
use diesel::prelude::*;
use diesel::select;
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskRunCursor, TaskState};
use stint_domain::values::TaskRunId;
use stint_domain::{BackendError, Page};

use crate::background::task_runs as listed;
use crate::sqlite::Sqlite;
use crate::sqlite::error::classify;
use crate::sqlite::rows::{one, page, row, timestamp, uuid};
use crate::sqlite::schema::task_runs;
use crate::sqlite::sql::Dialect;

#[async_trait]
impl TaskLog for Sqlite {
    async fn begin(&self, command: BeginTask) -> Result<bool, BackendError> {
        self.write(move |connection| begin(connection, &command).map_err(classify)).await
    }

    async fn end(&self, EndTask { id, state, detail, at }: EndTask) -> Result<(), BackendError> {
        self.write(move |connection| {
            let one = task_runs::table.find(id.as_uuid().into_bytes());
            diesel::update(one.filter(task_runs::state.eq(TaskState::Running.as_str())))
                .set((
                    task_runs::state.eq(state.as_str()),
                    task_runs::detail.eq(detail),
                    task_runs::ended_at.eq(at.as_micros()),
                ))
                .execute(connection)
                .map(drop)
                .map_err(classify)
        })
        .await
    }

    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError> {
        let task = task.to_owned();
        self.read(move |connection| {
            let runs = task_runs::table.filter(task_runs::task.eq(task)).select(TaskRunRow::as_select());
            one(runs.order((task_runs::due.desc(), task_runs::attempt.desc())).first(connection))
        })
        .await
    }

    async fn list(&self, query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        self.read(move |connection| {
            let listing = listed::<SqlTypeOf<AsSelect<TaskRunRow, Dialect>>, Dialect>(&query);
            page(listing.load::<TaskRunRow>(connection), query.size)
        })
        .await
    }
}

/// Whether the run is the caller's: begun now, or by the same call before.
fn begin(connection: &mut SqliteConnection, command: &BeginTask) -> QueryResult<bool> {
    let run = (
        task_runs::task.eq(&command.task),
        task_runs::due.eq(command.due.as_micros()),
        task_runs::attempt.eq(i64::from(command.attempt)),
    );
    let id = command.id.as_uuid().into_bytes();
    let others = task_runs::table
        .filter(task_runs::task.eq(&command.task))
        .filter(task_runs::state.eq(TaskState::Running.as_str()))
        .filter(task_runs::until.gt(command.at.as_micros()))
        .filter(task_runs::id.ne(id));
    if select(exists(others)).get_result(connection)? {
        return Ok(false);
    }
    let begun = diesel::insert_into(task_runs::table)
        .values((
            task_runs::id.eq(id),
            run,
            task_runs::instance.eq(&command.instance),
            task_runs::started_at.eq(command.at.as_micros()),
            task_runs::until.eq(command.until.as_micros()),
            task_runs::state.eq(TaskState::Running.as_str()),
            task_runs::detail.eq(""),
        ))
        .on_conflict((task_runs::task, task_runs::due, task_runs::attempt))
        .do_nothing()
        .execute(connection)?;
    if begun == 1 {
        return Ok(true);
    }
    let (task, due, attempt) = run;
    let same = task_runs::table.find(id).filter(task).filter(due).filter(attempt);
    select(exists(same)).get_result(connection)
}

/// A row of `task_runs`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = task_runs)]
struct TaskRunRow {
    id: Vec<u8>,
    task: String,
    due: i64,
    attempt: i64,
    instance: String,
    started_at: i64,
    until: i64,
    ended_at: Option<i64>,
    state: String,
    detail: String,
}

impl TryFrom<TaskRunRow> for TaskRun {
    type Error = BackendError;

    fn try_from(stored: TaskRunRow) -> Result<Self, BackendError> {
        let row = row("task_runs", &stored.id);
        Ok(Self {
            id: TaskRunId::new(uuid(&row, "id", &stored.id)?),
            task: stored.task,
            due: timestamp(&row, "due", stored.due)?,
            attempt: row.column("attempt", stored.attempt, |attempt| u32::try_from(*attempt))?,
            instance: stored.instance,
            started_at: timestamp(&row, "started_at", stored.started_at)?,
            until: timestamp(&row, "until", stored.until)?,
            ended_at: stored.ended_at.map(|at| timestamp(&row, "ended_at", at)).transpose()?,
            state: row.column("state", stored.state, |state| state.parse())?,
            detail: stored.detail,
        })
    }
}
