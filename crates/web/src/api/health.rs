//! Health: `/healthz` and `/readyz`. Open to everybody, so they tell states and no causes.

pub(super) mod routes;
#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::exchange::{Answer, Call};
use crate::query::Query;

/// That all is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`; when something is not, the answer is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process is alive, whatever else is not: to restart it would not help.
async fn alive(call: Call) -> Answer {
    Query::none(&call.request)?;
    answer::json(StatusCode::OK, &Health { status: "ok" })
}

/// The database is reachable, its schema fits, and it takes a write.
async fn ready(call: Call) -> Answer {
    Query::none(&call.request)?;
    call.api.health.check().await?;
    answer::json(StatusCode::OK, &Health { status: "ok" })
}
