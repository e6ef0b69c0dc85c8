//! The text of a listing of task runs, the same in every dialect.

use stint_domain::background::ports::task::ListTaskRuns;

use crate::sql::{Dialect, Sql, Value, Varying};

/// A page of runs, latest first.
pub(crate) fn task_runs<C, D: Dialect>(query: &ListTaskRuns) -> Sql<'_, Varying<C>, D> {
    let after = query.after.map(|after| [Value::Moment(after.started_at), Value::Id(after.id.as_uuid())]);
    Sql::varying(
        "SELECT id, task, due, attempt, instance, started_at, until, ended_at, state, detail FROM task_runs WHERE true",
    )
    .when(" AND task = ?", query.task.as_deref().map(|task| [Value::Text(task)]))
    .when(" AND state = ?", query.state.map(|state| [Value::Text(state.as_str())]))
    .when(" AND (started_at, id) < (?, ?)", after)
    .page(" ORDER BY started_at DESC, id DESC LIMIT ?", query.size)
}
