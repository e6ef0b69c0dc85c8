//! Health: `/healthz` and `/readyz`. Everybody may ask, so the answers name no causes.

pub(super) mod routes;
#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::exchange::{Answer, Call};
use crate::query::Query;

/// A good state.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`. In a bad state the answer is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process is alive. Says nothing of the database: restarting the process would not repair that.
async fn alive(call: Call) -> Answer {
    Query::none(&call.request)?;
    answer::json(StatusCode::OK, &Health { status: "ok" })
}

/// Whether the database answers, has the right schema and takes a write.
async fn ready(call: Call) -> Answer {
    Query::none(&call.request)?;
    call.api.health.check().await?;
    answer::json(StatusCode::OK, &Health { status: "ok" })
}
