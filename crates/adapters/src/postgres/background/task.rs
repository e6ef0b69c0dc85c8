//! Task runs in Postgres. A unique constraint lets one instance begin each run; a lock lets one run of a task go on
//! at a time.

use async_trait::async_trait;
use diesel::data_types::PgTimestamp;
use diesel::dsl::{AsSelect, SqlTypeOf, insert_into};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskRunCursor, TaskState};
use stint_domain::values::TaskRunId;
use stint_domain::{BackendError, Page};
use uuid::Uuid;

use crate::background::task_runs as listed;
use crate::postgres::Postgres;
use crate::postgres::attempt::{Repeat, transaction};
use crate::postgres::read::{one, page};
use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::schema::task_runs;
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// Waits for others that begin a run of this task. The lock is a number computed from the task's name. Two tasks with
    /// the same number only wait for each other needlessly.
    Lock: Text = "SELECT pg_advisory_xact_lock(hashtextextended(?, 7310867223))::text";
}

#[async_trait]
impl TaskLog for Postgres {
    async fn begin(&self, command: BeginTask) -> Result<bool, BackendError> {
        self.requests
            .run(Repeat::Harmless, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| Ok(begin(connection, command).await?)))
            })
            .await
    }

    async fn end(&self, command: EndTask) -> Result<(), BackendError> {
        self.requests
            .run(Repeat::Harmless, command, |connection, EndTask { id, state, detail, at }| {
                let running =
                    task_runs::table.find(id.as_uuid()).filter(task_runs::state.eq(TaskState::Running.as_str()));
                let end = diesel::update(running).set((
                    task_runs::state.eq(state.as_str()),
                    task_runs::detail.eq(detail),
                    task_runs::ended_at.eq(timestamptz(*at)),
                ));
                Box::pin(async move { Ok(end.execute(connection).await.map(drop)?) })
            })
            .await
    }

    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError> {
        self.requests
            .run(Repeat::Reads, task.to_owned(), |connection, task| {
                let runs = task_runs::table.filter(task_runs::task.eq(task)).select(TaskRunRow::as_select());
                let latest = runs.order((task_runs::due.desc(), task_runs::attempt.desc()));
                Box::pin(async move { one(latest.first(connection).await) })
            })
            .await
    }

    async fn list(&self, query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| {
                Box::pin(async move {
                    page(listed::<TaskRunColumns, Pg>(query).load::<TaskRunRow>(connection).await, query.size)
                })
            })
            .await
    }
}

/// Whether the run is the caller's: begun now, or by the same call before.
async fn begin(connection: &mut AsyncPgConnection, command: &BeginTask) -> QueryResult<bool> {
    let run = (
        task_runs::task.eq(&command.task),
        task_runs::due.eq(timestamptz(command.due)),
        // The number of attempts is small.
        task_runs::attempt.eq(i32::try_from(command.attempt).unwrap_or(i32::MAX)),
    );
    Sql::<Lock>::constant().bind::<Text, _>(&command.task).execute(connection).await?;
    let others = task_runs::table
        .filter(task_runs::task.eq(&command.task))
        .filter(task_runs::state.eq(TaskState::Running.as_str()))
        .filter(task_runs::until.gt(timestamptz(command.at)))
        .filter(task_runs::id.ne(command.id.as_uuid()));
    if diesel::select(diesel::dsl::exists(others)).get_result(connection).await? {
        return Ok(false);
    }
    let begun = insert_into(task_runs::table)
        .values((
            task_runs::id.eq(command.id.as_uuid()),
            run,
            task_runs::instance.eq(&command.instance),
            task_runs::started_at.eq(timestamptz(command.at)),
            task_runs::until.eq(timestamptz(command.until)),
            task_runs::state.eq(TaskState::Running.as_str()),
            task_runs::detail.eq(""),
        ))
        .on_conflict((task_runs::task, task_runs::due, task_runs::attempt))
        .do_nothing()
        .execute(connection)
        .await?;
    if begun == 1 {
        return Ok(true);
    }
    let (task, due, attempt) = run;
    let same = task_runs::table.find(command.id.as_uuid()).filter(task).filter(due).filter(attempt);
    diesel::select(diesel::dsl::exists(same)).get_result(connection).await
}

/// A row of `task_runs`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = task_runs, check_for_backend(Pg))]
struct TaskRunRow {
    id: Uuid,
    task: String,
    due: PgTimestamp,
    attempt: i32,
    instance: String,
    started_at: PgTimestamp,
    until: PgTimestamp,
    ended_at: Option<PgTimestamp>,
    state: String,
    detail: String,
}

/// The SQL types of a [`TaskRunRow`].
type TaskRunColumns = SqlTypeOf<AsSelect<TaskRunRow, Pg>>;

impl TryFrom<TaskRunRow> for TaskRun {
    type Error = BackendError;

    fn try_from(row: TaskRunRow) -> Result<Self, BackendError> {
        let place = Place { table: "task_runs", id: row.id };
        Ok(Self {
            id: TaskRunId::new(row.id),
            task: row.task,
            due: place.timestamp("due", row.due)?,
            attempt: place.column("attempt", row.attempt, u32::try_from(row.attempt))?,
            instance: row.instance,
            started_at: place.timestamp("started_at", row.started_at)?,
            until: place.timestamp("until", row.until)?,
            ended_at: row.ended_at.map(|at| place.timestamp("ended_at", at)).transpose()?,
            state: place.column("state", &row.state, row.state.parse())?,
            detail: row.detail,
        })
    }
}
